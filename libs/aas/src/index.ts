export { type AasEmployee } from './aas-contents.js';
export { AAS_ENTITIES, AasEmployeeRow, AasRead } from './aas-read.entity.js';
export { AAS_WORKER, AasReader, ProvenAasFile, STANDARD_AAS_WORKER } from './aas-reader.js';
export { type AasSource, findAasSources } from './aas-sources.js';
export { type AasSummary, type OrderedPunch } from './aas-worker.protocol.js';
export { AasFileError, type AasFileErrorCode } from './aas.errors.js';
export { AasModule } from './aas.module.js';
export { AasService } from './aas.service.js';
