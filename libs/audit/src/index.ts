export { AuditBlock, AuditChainHead } from './audit-block.entity.js';
export { AuditChain, type ChainDefect, type ChainReport } from './audit-chain.js';
export { AUDIT_ENTITIES, AuditEntry } from './audit-entry.entity.js';
export { AUDIT_OPERATIONS, type AuditDetails, type AuditOperation, type NewAuditEntry } from './audit-operation.js';
export { AuditDetailRefusedError, KeptHeadsError } from './audit.errors.js';
export { AuditModule } from './audit.module.js';
export { parseKeptHeads, type StreamEnd } from './kept-heads.js';
export { type AuditPage, type AuditQuery, DeviceUserAuditService } from './audit.service.js';
