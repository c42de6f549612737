/**
 * The service entrance: what a DeviceWriter and a copy of a terminal are built from. Only libs/device-writer may come in here; the import table
 * says so and the linter sees to it. Everything that reads uses the front door.
 */
export { withConnectRetries } from './connect-retries.js';
export { AifaceCredentialSession, openAifaceCredentialSession } from './drivers/aiface/aiface-credential-session.js';
export { type AifaceUserRead, carrierOf } from './drivers/aiface/aiface-user-read.js';
export { type AifaceListRead, AifaceWriteSession, type LostAnswer } from './drivers/aiface/aiface-write-session.js';
export { openAifaceWriteSession } from './drivers/aiface/open-aiface-writer.js';
export { cardOf } from './drivers/aiface/user-details.js';
export { openZkCredentialSession, ZkCredentialSession } from './drivers/zk/zk-credential-session.js';
export { openZkWriteSession } from './drivers/zk/open-zk-writer.js';
export { type ZkUserRead } from './drivers/zk/zk-user-read.js';
export { ZkWriteSession } from './drivers/zk/zk-write-session.js';
export { type LackingCharacters, nameDecoder, nameEncoder } from './name-encoding.js';
export { mostTemplateBytes, TemplateProof } from './prove-templates.js';
export { deviceUserOf } from './prove.js';
