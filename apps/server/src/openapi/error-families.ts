/** What the codes before the slash are about, in the order of the page. */
export const ERROR_FAMILIES: Readonly<Record<string, string>> = {
  config: 'the settings; the program does not start',
  server: 'the API itself, and where it listens',
  database: 'PostgreSQL and the schema',
  auth: 'who the caller is, and what the caller may do',
  accounts: 'accounts, passwords, sessions and keys',
  http: 'the request, before anybody looked at what it asks for',
  cli: 'what was typed at the command line',
  work: 'work that was stopped',
  coordination: 'the lease of a terminal',
  devices: 'what is registered of terminals',
  device: 'reaching and reading a terminal',
  'dial-in': 'terminals that dial in',
  zk: 'bytes of a ZK terminal that are not what the protocol says',
  sync: 'runs',
  buffer: 'the buffer of users without a mapping',
  people: 'people, mappings and the files that they are imported from',
  suggestions: 'who an unmapped user probably is',
  conflict: 'contradictions between terminal and database',
  monitoring: 'incidents and the history of counts',
  notification: 'channels and deliveries',
  'device-writer': 'writing to a terminal: deletions, undoing them, what settles a conflict, restores',
  backup: 'backups, drills, restores and erasures',
  audit: 'the audit log',
  events: 'live events',
  metrics: 'figures',
  aas: 'files of AAS 6.0',
  emulate: 'emulated terminals',
};

/** The part of a code before the slash. */
export function familyOf(code: string): string {
  return code.slice(0, code.indexOf('/'));
}
