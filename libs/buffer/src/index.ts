export { BUFFER_ENTITIES, BufferedUser } from './buffered-user.entity.js';
export { BufferMappingService } from './buffer-mapping.service.js';
export { BufferModule } from './buffer.module.js';
export { BUFFER_OPTIONS, type BufferOptions } from './buffer-options.js';
export { type BufferFilter, type BufferPage } from './buffer.repository.js';
export { type BufferStatistics, DeviceUserBufferService } from './buffer.service.js';
export { BufferedUserView, bufferedUserView } from './dto/buffered-user.view.js';
export { MAPPING_STATUSES, type MappingStatus } from './mapping-status.js';
export { type Sighting, type SightingContext, sightingOf, type SightingTotals } from './sighting.js';
