export { createLogger, LoggingModule, NestLogger } from './logging.js';
export { currentRequestId, withRequestId } from './request-id.js';
