/**
 * The service entrance: what a DeviceWriter is built from. Only libs/device-writer may come in here; the import table
 * says so and the linter sees to it. Everything that reads uses the front door.
 */
export { withConnectRetries } from './connect-retries.js';
export { type AifaceUserRead, carrierOf } from './drivers/aiface/aiface-user-read.js';
export { AifaceWriteSession, type LostAnswer } from './drivers/aiface/aiface-write-session.js';
export { openAifaceWriteSession } from './drivers/aiface/open-aiface-writer.js';
export { cardOf } from './drivers/aiface/user-details.js';
export { openZkWriteSession } from './drivers/zk/open-zk-writer.js';
export { type ZkUserRead } from './drivers/zk/zk-user-read.js';
export { ZkWriteSession } from './drivers/zk/zk-write-session.js';
export { type LackingCharacters, nameDecoder, nameEncoder } from './name-encoding.js';
export { deviceUserOf } from './prove.js';
