/**
 * The service entrance: what a DeviceWriter is built from. Only libs/device-writer may come in here; the import table
 * says so and the linter sees to it. Everything that reads uses the front door.
 */
export { nameDecoder } from './name-encoding.js';
