import { type ErrorKind } from '@app/kernel';

/** What a reader of the documentation is told about an error code. */
export interface CataloguedError {
  readonly kind: ErrorKind;
  readonly meaning: string;
  readonly remedy: string;
}

type Row = readonly [kind: ErrorKind, meaning: string, remedy: string];

/** Every error code of the program; those of kind `internal` are defects, or nothing that a caller can mend. A test holds it against the source. */
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
  'accounts/bad-key': ['invalid', 'A key would end before it begins', 'give an end in the future'],
  'accounts/bad-name': ['invalid', 'The name cannot stand in a log', "use letters, digits and inner spaces . _ @ ' -"],
  'accounts/busy': ['unavailable', 'Too many passwords wait to be checked', 'try again in a few seconds'],
  'accounts/key-not-found': ['not-found', 'There is no such key', 'look at `GET /api/keys`'],
  'accounts/last-administrator': [
    'conflict',
    'Nobody would be left who can let others in',
    'make another account administrator first',
  ],
  'accounts/login-failed': [
    'unauthenticated',
    'Name or password is wrong, or the account is not active',
    'try again, or ask an administrator',
  ],
  'accounts/name-taken': ['conflict', 'An account has that name already', 'choose another name'],
  'accounts/no-session': ['conflict', 'A key has no session and no password', 'sign in with an account'],
  'accounts/not-found': ['not-found', 'There is no such account', 'look at `GET /api/accounts`'],
  'accounts/password-file': [
    'invalid',
    'The file with the password cannot be used',
    'mend the file or its permissions',
  ],
  'accounts/setup-token': [
    'unauthenticated',
    'The set-up token is not that of the newest banner',
    'restart the server and take the new one',
  ],
  'accounts/weak-password': [
    'invalid',
    'The password is easy to guess',
    'use 12 characters or more that nobody would guess',
  ],
  'accounts/wrong-password': ['invalid', 'The current password is wrong', 'try again, or ask an administrator'],
  'audit/bad-kept-heads': ['invalid', 'The file of kept heads is none', 'give what `audit verify --json` wrote'],
  'audit/detail-refused': [
    'internal',
    'An audit entry was to hold a PIN or a template; neither it nor what it tells of was stored',
    'keep the log line, and report it',
  ],
  'auth/cross-site': [
    'forbidden',
    'The page of another site may have sent it',
    'send it from a page of this server, or with a bearer token',
  ],
  'auth/forbidden': ['forbidden', 'The caller has a lesser role', 'ask an administrator'],
  'auth/route-without-permission': [
    'internal',
    'Routes say not who may use them, and the server does not start',
    'run a released version, and report it',
  ],
  'auth/too-many-attempts': ['too-many', 'Too many failed attempts', 'wait as long as `Retry-After` says'],
  'auth/unauthenticated': ['unauthenticated', 'There is no token, or none that is valid', 'send a valid bearer token'],
  'backup/administrators-only': ['forbidden', 'Only administrators erase', 'ask an administrator'],
  'backup/erased': ['conflict', 'The user was erased for good', 'enrol the user anew at the terminal'],
  'backup/erasure-not-found': ['not-found', 'There is no such erasure', 'look at `GET /api/device-users/erasures`'],
  'backup/erasure-target': [
    'invalid',
    'It is not said who is to be erased',
    'give device_id and device_user_id, or person_id and person_type',
  ],
  'backup/invalid': ['conflict', 'The backup is damaged, cut, or of another format', 'take another backup'],
  'backup/key-missing': [
    'unavailable',
    'This host has no key that opens the backup',
    'put the key into BACKUP_KEY_FILE',
  ],
  'backup/no-drill-here': ['unavailable', 'This program has no emulated terminals', 'ask the server'],
  'backup/nobody-to-erase': ['not-found', 'Nobody is mapped to the person', 'erase by device and ID'],
  'backup/not-found': ['not-found', 'There is no backup of that name', 'look at `GET /api/device-users/backups`'],
  'backup/not-usable': ['conflict', 'The backup is known not to be good', 'take another backup'],
  'backup/not-written': [
    'unavailable',
    'The backup could not be written whole',
    'make room, or mend the folder that is named',
  ],
  'backup/nothing-to-drill': ['conflict', 'The backup was made without a key', 'make keys; try the next backup'],
  'backup/nothing-to-restore': [
    'conflict',
    'Nobody is missing, or nobody who is missing is in a backup',
    'enrol them at the terminal',
  ],
  'backup/other-protocol': [
    'invalid',
    'The backup is of a terminal of another kind',
    'enrol the people at the terminal',
  ],
  'backup/reason-required': ['invalid', 'An erasure needs a reason', 'give one of 3 to 500 characters'],
  'backup/restore-not-found': ['not-found', 'There is no such restore', 'look at `GET /api/device-users/restores`'],
  'backup/restore-settled': ['conflict', 'The restore is not planned any more', 'plan anew'],
  'backup/setup': ['unavailable', 'A key file or the folder of backups is not as it must be', 'mend what is named'],
  'backup/stale-plan': ['stale', 'The terminal has changed since the plan was made', 'plan anew and look at it'],
  'backup/unforeseen': [
    'internal',
    'A backup ended in a way that nobody foresaw; no file of it is used',
    'read the line beside it in the log, and report it; it is tried again',
  ],
  'buffer/not-waiting': [
    'conflict',
    'Only an unmapped user can be ignored',
    'remove its mapping or settle its conflict first',
  ],
  'buffer/user-not-found': [
    'not-found',
    'There is no such row in the buffer',
    'look at `GET /api/device-users/buffer`',
  ],
  'cli/bad-instant': ['invalid', 'What was typed is no instant', 'give one with its offset'],
  'cli/erase-whom': ['invalid', 'It is not said who is to be erased', 'give a device and a user, or a person'],
  'cli/no-password': ['invalid', 'A password was wanted and none given', 'give `--password-file`'],
  'cli/bundle-not-written': [
    'invalid',
    'The file of a support bundle cannot be written, or is there already',
    'give another name with --out',
  ],
  'cli/not-confirmed': ['invalid', 'A command was not confirmed', 'confirm it, or give `--yes`'],
  'config/invalid': ['invalid', 'Settings cannot be used', 'mend those that are named'],
  'conflict/already-resolved': ['conflict', 'Somebody settled it, or it vanished', 'look at the list again'],
  'conflict/changed-meanwhile': [
    'conflict',
    'Device or database are not what was shown',
    'decide on the versions in the answer',
  ],
  'conflict/empty-value': [
    'conflict',
    'One side has nothing where the other must have something',
    'choose the other side',
  ],
  'conflict/no-agreement': [
    'conflict',
    'The device would not hold what was decided',
    'decide otherwise; nothing was sent',
  ],
  'conflict/not-found': ['not-found', 'There is no such conflict', 'look at `GET /api/device-users/conflicts`'],
  'conflict/pin-unknown': [
    'conflict',
    'Nobody here knows the PIN',
    'set it at the terminal, or use the device’s version',
  ],
  'conflict/stale-decision': ['stale', 'The decision names an older version', 'decide on the version in the answer'],
  'conflict/unforeseen': [
    'internal',
    'Settling a conflict ended in a way that nobody foresaw; it stays open',
    'read the line beside it in the log, and report it',
  ],
  'conflict/user-not-mapped': ['conflict', 'Nobody is mapped to the user any more', 'look at the list again'],
  'conflict/vain-choice': ['invalid', 'A choice would not be followed', 'leave it out, or use another strategy'],
  'coordination/lease-busy': ['conflict', 'Another run holds the terminal', 'try again when it is done'],
  'coordination/lease-lost': ['unavailable', 'The work took longer than its lease', 'try again; nothing was stored'],
  'database/data-dir-other-version': [
    'unavailable',
    'DATA_DIR holds a PostgreSQL of another version',
    'run the older program, or choose another folder with DATA_DIR',
  ],
  'database/data-dir-unwritable': ['unavailable', 'DATA_DIR cannot be written', 'mend its permissions'],
  'database/embedded-failed': ['unavailable', 'The embedded PostgreSQL did not start', 'read its log in DATA_DIR'],
  'database/embedded-unavailable': ['unavailable', 'There is no embedded PostgreSQL here', 'set DATABASE_URL'],
  'database/gone': ['unavailable', 'The database does not answer any more', 'see whether PostgreSQL runs; try again'],
  'database/schema-newer': ['conflict', 'The database is of a newer program', 'run the newer program'],
  'database/schema-older': ['conflict', 'Migrations are pending', 'run `holdfast db migrate`'],
  'database/unreachable': ['unavailable', 'No PostgreSQL answers', 'start it, or mend DATABASE_URL'],
  'device-writer/administrators-only': ['forbidden', 'Only administrators delete', 'ask an administrator'],
  'device-writer/already-undone': ['conflict', 'The deletion has been undone', 'nothing'],
  'device-writer/bad-snapshot': [
    'internal',
    'What was kept of a user cannot be read; nothing was sent',
    'bring the user back from a backup, and report it',
  ],
  'device-writer/changed-meanwhile': [
    'conflict',
    'Somebody changed users at the terminal during a batch',
    'nothing: whoever was not begun is tried again',
  ],
  'device-writer/deletion-budget': [
    'too-many',
    'So many users were deleted lately that this one must wait',
    'wait as long as the answer says',
  ],
  'device-writer/deletion-not-found': [
    'not-found',
    'There is no such deletion',
    'look at `GET /api/device-users/deletions`',
  ],
  'device-writer/interrupted': [
    'unavailable',
    'The server stopped before a write left; reading showed that the user is as before',
    'ask for it again',
  ],
  'device-writer/not-done': [
    'conflict',
    'The user is as before',
    'read the reason in the answer; try again if it can change',
  ],
  'device-writer/out-of-time': [
    'unavailable',
    'The lease ended before this user of a batch was begun',
    'nothing: the restore goes on with the user by itself',
  ],
  'device-writer/outcome-unknown': [
    'unavailable',
    'A write left and its answer did not come',
    'nothing: it is settled by reading',
  ],
  'device-writer/reason-required': ['invalid', 'A deletion needs a reason', 'give one of 3 to 500 characters'],
  'device-writer/refused': [
    'unavailable',
    'The terminal refused the write; nothing was done',
    'see to the terminal, then try again',
  ],
  'device-writer/snapshot-erased': [
    'conflict',
    'The deleted user was erased for good',
    'enrol the user anew at the terminal',
  ],
  'device-writer/stale-user': [
    'conflict',
    'The user is not what the caller takes it to be',
    'look again, then decide again',
  ],
  'device-writer/undetermined': [
    'conflict',
    'The user is neither as before nor as wanted',
    'look at the terminal; docs/operations.md says how',
  ],
  'device-writer/unforeseen': [
    'internal',
    'A write ended in a way that nobody foresaw',
    'nothing for the user: it is settled by reading; report the line of the log',
  ],
  'device-writer/unknown-firmware': [
    'conflict',
    'Nobody knows what this firmware does at such a write',
    'change it at the terminal',
  ],
  'device-writer/unknown-purpose': [
    'internal',
    'The database holds a write that this version does not know',
    'run the version that began it',
  ],
  'device-writer/unsettled': [
    'unavailable',
    'What became of a write could not be read yet',
    'nothing: it is settled by reading',
  ],
  'device-writer/unwritable-value': ['invalid', 'The terminal cannot hold this value', 'give one that fits'],
  'device-writer/user-absent': ['not-found', 'The terminal has no such user', 'look at the terminal’s users again'],
  'device-writer/user-changed': [
    'conflict',
    'The user was changed meanwhile; nothing was sent',
    'look again, then decide again',
  ],
  'device-writer/user-present': ['conflict', 'The terminal has a user of that ID again', 'look at who it is'],
  'device-writer/write-pending': [
    'conflict',
    'It is not known yet what became of another write',
    'wait until it is settled',
  ],
  'device/aborted': ['unavailable', 'The work at the terminal was stopped, since a server or command was', 'try again'],
  'device/address-not-allowed': [
    'invalid',
    'The address is in no network that terminals may be in, or is the database',
    'add its network to DEVICE_NETWORKS',
  ],
  'device/bad-address': ['invalid', 'The text is no address', 'give a host name or IP address, with :port if need be'],
  'device/closed-protocol': [
    'unavailable',
    'The firmware speaks the vendor’s closed protocol only',
    'look for a “standalone communication” setting of the terminal',
  ],
  'device/command-not-allowed': [
    'internal',
    'A command outside of the allow-list was stopped before it left',
    'nothing was sent; report it',
  ],
  'device/connection-lost': [
    'unavailable',
    'The connection to the terminal ended',
    'close the vendor’s software; look at the network',
  ],
  'device/driver-crashed': ['unavailable', 'npm node-zklib does not cope with this terminal', 'use the driver zk'],
  'device/incomplete-read': [
    'unavailable',
    'It is not proven that all users were read',
    'nothing: it is read again; docs/TROUBLESHOOTING.md if that repeats',
  ],
  'device/not-connected': [
    'unavailable',
    'The terminal dials in, and is not connected to this server',
    'see docs/devices.md',
  ],
  'device/not-zk': ['unavailable', 'What answers there does not speak the ZK protocol', 'check address and port'],
  'device/protocol-violation': ['unavailable', 'The terminal broke its protocol', 'try again; restart the terminal'],
  'device/refused': [
    'unavailable',
    'The terminal refused the request',
    'see which one in the detail; restart the terminal',
  ],
  'device/serial-mismatch': [
    'conflict',
    'Another terminal is at this address',
    'accept it in the place of the old one, or add it as a device of its own',
  ],
  'device/timeout': ['unavailable', 'The terminal did not answer in time', 'check network and firewall'],
  'device/unauthorised': ['unavailable', 'The terminal wants a comm key, or another one', 'give its comm key'],
  'device/unreachable': ['unavailable', 'The terminal cannot be reached', 'check power, address and port'],
  'device/unresolved': ['unavailable', 'There is no host of this name', 'give its IP address'],
  'devices/already-registered': ['conflict', 'Address or serial number is registered already', 'see facts.device_id'],
  'devices/bad-name': ['invalid', 'The name is empty or too long', 'give one of 1 to 100 characters'],
  'devices/bad-network': ['invalid', 'The network is none', 'give one such as 192.168.1.0/24'],
  'devices/dials-in': ['conflict', 'The terminal dials in and has no address here', 'set the server in its own menu'],
  'devices/not-found': ['not-found', 'No device has this id', 'list the devices'],
  'devices/not-in-quarantine': [
    'conflict',
    'No such terminal was found in the device’s place',
    'read the device again',
  ],
  'devices/secret-key': [
    'internal',
    'DATA_DIR/holdfast.key is missing, cannot be read, or is another one than what was stored was closed with',
    'put the key file back from your backup; give every server the same one',
  ],
  'devices/unknown-time-zone': ['invalid', 'The calendar knows no such zone', 'give an IANA name'],
  'dial-in/cannot-listen': ['unavailable', 'The port for terminals cannot be had', 'mend AIFACE_PORT or AIFACE_HOST'],
  'dial-in/not-pending': ['not-found', 'No such terminal waits to be adopted', 'let it dial in first'],
  'emulate/bad-server': ['invalid', 'The address to dial is none', 'give one such as ws://127.0.0.1:7788'],
  'emulate/cannot-listen': ['unavailable', 'The emulated terminal cannot have this port', 'give another --port'],
  'events/no-more-streams': ['unavailable', 'The server takes no more event streams', 'ask again later'],
  'events/too-many-streams': ['too-many', 'One caller reads too many event streams', 'close one of them'],
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
  'http/too-many-requests': [
    'too-many',
    'Too many requests came from one address',
    'wait as long as `Retry-After` says',
  ],
  'http/unforeseen': [
    'internal',
    'Something that nobody foresaw; a defect',
    'look in the log under the `request_id` of the answer, and report it',
  ],
  'metrics/off': ['not-found', 'This server does not show its figures', 'set METRICS'],
  'monitoring/bad-range': ['invalid', 'The range of time is none, or too long', 'ask for up to 400 days at a time'],
  'monitoring/incident-closed': ['conflict', 'The incident is settled already', 'look at it again'],
  'monitoring/incident-not-found': [
    'not-found',
    'There is no such incident',
    'look at `GET /api/device-users/incidents`',
  ],
  'monitoring/not-missing': [
    'invalid',
    'A user who is named is not missing in that incident',
    'name only those whose state is `missing`',
  ],
  'monitoring/tripped': [
    'conflict',
    'Many users are missing from the terminal',
    'look at the incident; then repeat with `confirm_tripped`',
  ],
  'notification/bad-channel': ['invalid', 'A channel cannot be reached like that', 'see docs/notifications.md'],
  'notification/channel-not-found': [
    'not-found',
    'There is no such channel',
    'look at `GET /api/notifications/channels`',
  ],
  'notification/delivery-not-found': [
    'not-found',
    'There is no such delivery',
    'look at `GET /api/notifications/deliveries`',
  ],
  'notification/delivery-waiting': [
    'conflict',
    'The notice is still on its way',
    'nothing: it is tried again by itself',
  ],
  'notification/log-channel': ['conflict', 'The log is always told', 'add a channel of another kind'],
  'notification/name-taken': ['conflict', 'Another channel has that name', 'give another name'],
  'notification/not-delivered': ['unavailable', 'The channel did not take the message', 'mend what the answer says'],
  'people/bad-encoding': ['invalid', 'The file is not UTF-8', 'save it as UTF-8'],
  'people/bad-header': ['invalid', 'The first line is no header', 'name the columns as docs/people.md says'],
  'people/busy': ['unavailable', 'Somebody else is changing the same people', 'try again'],
  'people/changed-meanwhile': [
    'stale',
    'The person is not in the version that was shown',
    'look again, then change again',
  ],
  'people/file-damaged': ['invalid', 'The file cannot be read as CSV', 'mend the line that is named'],
  'people/file-empty': ['invalid', 'The file has nothing in it', 'give another file'],
  'people/file-too-large': ['invalid', 'The file is larger than may be', 'split it'],
  'people/file-unreadable': ['invalid', 'The file cannot be opened', 'mend its name or permissions'],
  'people/import-running': ['conflict', 'Another import is under way', 'wait until it has ended'],
  'people/invalid': ['invalid', 'A value of a person cannot be that', 'mend the value that is named'],
  'people/mapping-taken': ['conflict', 'The user or the person is mapped to another', 'remove that mapping first'],
  'people/missing-column': ['invalid', 'A column is missing', 'add it'],
  'people/missing-uncertain': [
    'conflict',
    'Who is missing from the file cannot be told',
    'mend the refused rows first',
  ],
  'people/no-such-mapping': ['not-found', 'There is no such mapping in force', 'look at `GET /api/mappings`'],
  'people/no-such-person': ['invalid', 'There is no such person', 'look at `GET /api/people`'],
  'people/not-csv': ['invalid', 'The body is no CSV', 'send it as `text/csv`'],
  'people/not-found': ['not-found', 'There is no such person', 'look at `GET /api/people`'],
  'people/reference-taken': ['conflict', 'Another person has that reference', 'change that one instead'],
  'people/too-many-deactivations': [
    'conflict',
    'So many are missing that it could be the wrong file',
    'confirm the exact number',
  ],
  'people/unknown-column': ['invalid', 'A column is not known', 'remove it, or name it as docs/people.md says'],
  'server/cannot-listen': ['unavailable', 'The API cannot listen there', 'mend HOST or PORT'],
  'server/not-ready': ['unavailable', 'The database does not answer', 'wait, or see the log'],
  'suggestions/already-mapped': [
    'conflict',
    'Who is mapped needs no suggestion',
    'remove the mapping first if it is wrong',
  ],
  'suggestions/roster-too-large': [
    'unavailable',
    'There are more people than the index may hold',
    'deactivate those who have left',
  ],
  'sync/run-not-found': ['not-found', 'No sync run has this id', 'list the sync runs'],
  'sync/superseded': ['conflict', 'Another server has read the device meanwhile', 'nothing: it is done'],
  'sync/totals-disagree': [
    'internal',
    'Not everybody on the terminal was accounted for exactly once',
    'report it with the output of `holdfast support-bundle`; what was read is stored',
  ],
  'sync/unforeseen': [
    'internal',
    'A run ended in a way that nobody foresaw; nothing of it was stored',
    'read the line beside it in the log, and report it; the next run tries again',
  ],
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
