import { SyncRunOrderRow } from './orders/sync-run-order.entity.js';
import { BufferPopulationRow } from './populate/buffer-population.entity.js';
import { SyncRunRow } from './sync-run.entity.js';

/** Every table of this library. */
export const SYNC_SERVICE_ENTITIES = [SyncRunRow, SyncRunOrderRow, BufferPopulationRow];
