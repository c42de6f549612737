import { type ErrorKind } from '@app/kernel';

/** What a reader of the documentation is told about an error code. */
export interface CataloguedError {
  readonly kind: ErrorKind;
  readonly meaning: string;
  readonly remedy: string;
}

type Row = readonly [kind: ErrorKind, meaning: string, remedy: string];

/** Every error code of the program that is not a defect of ours. Tests hold it against the source and the answers. */
const ROWS: Readonly<Record<string, Row>> = {
  'aas/bad-encoding': ['invalid', 'The AAS export is not in the encoding that it claims', 'export it again as UTF-8'],
  'aas/damaged': ['invalid', 'The AAS file is not whole', 'let AAS repair it, or give a copy that is'],
  'aas/file-changing': ['unavailable', 'The AAS file was being written', 'nothing: it is read later'],
  'aas/file-locked': ['unavailable', 'Another program holds the AAS file', 'nothing: it is read later'],
  'aas/not-aas': ['invalid', 'The file is none of AAS', 'mend AAS_PATH'],
  'aas/not-configured': ['invalid', 'No AAS is followed', 'set AAS_PATH and AAS_DEVICES'],
  'aas/not-found': ['invalid', 'There is no such AAS file', 'mend AAS_PATH'],
  'aas/password-protected': ['invalid', 'The AAS file wants a password, or another one', 'set AAS_PASSWORD'],
  'aas/reader-crashed': ['unavailable', 'The reader of the AAS file ended', 'nothing: it is read again later'],
  'aas/too-large': ['invalid', 'The AAS file is larger than any that AAS makes', 'mend AAS_PATH'],
  'aas/unreadable': ['invalid', 'The AAS file cannot be opened', 'mend its permissions'],
  'audit/bad-kept-heads': ['invalid', 'The file of kept heads is none', 'give what `audit verify --json` wrote'],
  'auth/unauthenticated': ['unauthenticated', 'There is no token, or none that is valid', 'send a valid bearer token'],
  'config/invalid': ['invalid', 'Settings cannot be used', 'mend those that are named'],
  'coordination/lease-busy': ['conflict', 'Another run holds the terminal', 'try again when it is done'],
  'coordination/lease-lost': ['unavailable', 'The work took longer than its lease', 'try again; nothing was stored'],
  'database/data-dir-other-version': [
    'unavailable',
    'DATA_DIR holds a PostgreSQL of another version',
    'upgrade it as docs/operations.md says',
  ],
  'database/data-dir-unwritable': ['unavailable', 'DATA_DIR cannot be written', 'mend its permissions'],
  'database/embedded-failed': ['unavailable', 'The embedded PostgreSQL did not start', 'read its log in DATA_DIR'],
  'database/embedded-unavailable': ['unavailable', 'There is no embedded PostgreSQL here', 'set DATABASE_URL'],
  'database/schema-newer': ['conflict', 'The database is of a newer program', 'run the newer program'],
  'database/schema-older': ['conflict', 'Migrations are pending', 'run `holdfast db migrate`'],
  'database/unreachable': ['unavailable', 'No PostgreSQL answers', 'start it, or mend DATABASE_URL'],
  'device-writer/unwritable-value': ['invalid', 'The terminal cannot hold this value', 'give one that fits'],
  'device/address-not-allowed': [
    'invalid',
    'The address is in no network that terminals may be in, or is the database',
    'add its network to DEVICE_NETWORKS',
  ],
  'device/aborted': ['unavailable', 'The work at the terminal was stopped', 'try again'],
  'device/bad-address': ['invalid', 'The text is no address', 'give a host name or IP address, with :port if need be'],
  'device/closed-protocol': [
    'unavailable',
    'The firmware speaks the vendor’s closed protocol only',
    'look for a “standalone communication” setting of the terminal',
  ],
  'device/connection-lost': ['unavailable', 'The connection to the terminal ended', 'close the vendor’s software'],
  'device/driver-crashed': ['unavailable', 'npm node-zklib does not cope with this terminal', 'use the driver zk'],
  'device/incomplete-read': ['unavailable', 'It is not proven that all users were read', 'try again'],
  'device/not-connected': [
    'unavailable',
    'The terminal dials in, and is not connected to this server',
    'see docs/devices.md',
  ],
  'device/not-zk': ['unavailable', 'What answers there does not speak the ZK protocol', 'check address and port'],
  'device/protocol-violation': ['unavailable', 'The terminal broke its protocol', 'try again; restart the terminal'],
  'device/refused': ['unavailable', 'The terminal refused the request', 'see the detail'],
  'device/serial-mismatch': ['conflict', 'Another terminal is at this address', 'add it as a device of its own'],
  'device/timeout': ['unavailable', 'The terminal did not answer in time', 'check network and firewall'],
  'device/unauthorised': ['unavailable', 'The terminal wants a comm key, or another one', 'give its comm key'],
  'device/unreachable': ['unavailable', 'The terminal cannot be reached', 'check power, address and port'],
  'device/unresolved': ['unavailable', 'There is no host of this name', 'give its IP address'],
  'devices/already-registered': ['conflict', 'Address or serial number is registered already', 'see facts.device_id'],
  'devices/bad-name': ['invalid', 'The name is empty or too long', 'give one of 1 to 100 characters'],
  'devices/bad-network': ['invalid', 'The network is none', 'give one such as 192.168.1.0/24'],
  'devices/not-found': ['not-found', 'No device has this id', 'list the devices'],
  'devices/unknown-time-zone': ['invalid', 'The calendar knows no such zone', 'give an IANA name'],
  'dial-in/cannot-listen': ['unavailable', 'The port for terminals cannot be had', 'mend AIFACE_PORT or AIFACE_HOST'],
  'dial-in/not-pending': ['not-found', 'No such terminal waits to be adopted', 'let it dial in first'],
  'emulate/bad-server': ['invalid', 'The address to dial is none', 'give one such as ws://127.0.0.1:7788'],
  'emulate/cannot-listen': ['unavailable', 'The emulated terminal cannot have this port', 'give another --port'],
  'http/400': ['invalid', 'The request cannot be read', 'send sound JSON and a sound URL'],
  'http/404': ['not-found', 'There is no such path', 'see the API description'],
  'http/413': ['invalid', 'The body is larger than 64 kB', 'send less'],
  'http/415': ['invalid', 'The body has an unknown encoding', 'send JSON in UTF-8'],
  'http/bad-cursor': ['invalid', 'The cursor is none of ours', 'start without a cursor'],
  'http/bad-idempotency-key': ['invalid', 'The Idempotency-Key is no key', 'send 1 to 200 visible ASCII characters'],
  'http/idempotency-in-progress': [
    'conflict',
    'The first request with this Idempotency-Key is under way',
    'send it again after Retry-After',
  ],
  'http/idempotency-key-reused': ['conflict', 'The key was used for another request', 'use a new key'],
  'http/idempotency-not-replayable': [
    'conflict',
    'The request was done, and its answer was not kept',
    'look at what is there now',
  ],
  'http/idempotency-unsupported': ['invalid', 'A body that is not JSON cannot be repeated', 'send it without the key'],
  'http/invalid-request': ['invalid', 'The request does not fit its description', 'see facts.violations'],
  'server/cannot-listen': ['unavailable', 'The API cannot listen there', 'mend HOST or PORT'],
  'server/not-ready': ['unavailable', 'The database does not answer', 'wait, or see the log'],
  'sync/run-not-found': ['not-found', 'No sync run has this id', 'list the sync runs'],
  'sync/superseded': ['conflict', 'Another server has read the device meanwhile', 'nothing: it is done'],
  'work/aborted': ['unavailable', 'The server is stopping', 'try again in a moment'],
  'zk/checksum': ['unavailable', 'A packet has another checksum than it should', 'read again'],
  'zk/length': ['unavailable', 'A packet has another length than it says', 'read again'],
  'zk/prefix': ['unavailable', 'What came is no packet', 'check address and port'],
  'zk/record': ['unavailable', 'A record cannot be decoded', 'report the model and firmware of the terminal'],
  'zk/set': ['unavailable', 'A list is shorter or longer than it says', 'read again'],
  'zk/truncated': ['unavailable', 'A record ends too early', 'read again'],
};

/** Statuses that no kind of AppError has, but Express or Nest give. */
const OTHER_STATUSES: Readonly<Record<string, number>> = { 'http/413': 413, 'http/415': 415 };

/** Every code, in alphabetical order. */
export const ERROR_CODES: readonly string[] = Object.keys(ROWS).sort();

/** What is known of a code; undefined: it is not in the catalogue. */
export function findError(code: string): CataloguedError | undefined {
  const row = Object.hasOwn(ROWS, code) ? ROWS[code] : undefined;
  return row && { kind: row[0], meaning: row[1], remedy: row[2] };
}

/** The status of a code where it is not the one of its kind. */
export function otherStatusOf(code: string): number | undefined {
  return OTHER_STATUSES[code];
}
