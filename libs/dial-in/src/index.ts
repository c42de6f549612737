export { DIAL_IN_ENTITIES, HandedOverCredential, PendingTerminal, TerminalPresenceRow } from './dial-in.entities.js';
export { CannotListenError, PendingTerminalNotFoundError } from './dial-in.errors.js';
export { DialInModule } from './dial-in.module.js';
export { type DialInAddress, DialInService } from './dial-in.service.js';
export { HandedOverCredentials } from './handed-over-credentials.js';
export { PendingTerminalView, pendingTerminalView } from './dto/pending-terminal.view.js';
export { type Adoption, PendingTerminalsService } from './pending-terminals.service.js';
export { TerminalPresence, type Whereabouts } from './terminal-presence.js';
export { TerminalReaders } from './terminal-readers.js';
