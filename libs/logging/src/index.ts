export { createLogger, LoggingModule, NestLogger } from './logging.js';
