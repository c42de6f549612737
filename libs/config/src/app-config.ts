import { isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsTimeZone,
  Matches,
  Max,
  Min,
  MinLength,
  validateSync,
  ValidateBy,
} from 'class-validator';
import { InvalidConfigError } from './config.errors.js';
import { type ExplainedSetting, explainSetting, Setting, settingsOf } from './setting.js';

export const DEMO_MODES = ['auto', 'off'] as const;
export type DemoMode = (typeof DEMO_MODES)[number];

export const AIFACE_PROOFS = ['counters', 'equal-lists'] as const;
export type AifaceProof = (typeof AIFACE_PROOFS)[number];

/** What terminals of this kind dial unless told otherwise. */
export const STANDARD_AIFACE_PORT = 7788;

export const METRICS_ACCESS = ['off', 'key', 'loopback'] as const;
export type MetricsAccess = (typeof METRICS_ACCESS)[number];

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Private networks, and that of carriers' NAT, which some sites use inside. */
export const PRIVATE_NETWORKS = '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7';

/** This host. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** The only reader of the environment: every setting, validated once at boot and frozen. */
export class AppConfig {
  @Setting({
    variable: 'PORT',
    default: 3000,
    unit: 'TCP port',
    effect: 'Where the API listens; 0 takes any free port.',
  })
  @IsInt()
  @Min(0)
  @Max(65535)
  readonly port: number = 3000;

  @Setting({
    variable: 'HOST',
    default: '127.0.0.1',
    unit: 'address',
    effect: 'The address that the API listens on. 0.0.0.0 opens it to the network: put TLS in front.',
  })
  @IsString()
  @MinLength(1)
  readonly host: string = '127.0.0.1';

  @Setting({
    variable: 'DATA_DIR',
    default: './data',
    unit: 'folder',
    effect: 'Holds the embedded PostgreSQL and the key file that encrypts comm keys and credentials.',
  })
  @IsString()
  @MinLength(1)
  readonly dataDir: string = './data';

  @Setting({
    variable: 'DATABASE_URL',
    unit: 'postgresql:// URL',
    effect: 'A PostgreSQL 15 or newer of your own. Unset: an embedded PostgreSQL in DATA_DIR.',
    secret: true,
  })
  @IsOptional()
  @Matches(/^postgres(ql)?:\/\//, { message: '$property must begin with postgresql://' })
  readonly databaseUrl?: string;

  @Setting({
    variable: 'ADMIN_TOKEN',
    unit: 'text, 8 or more visible ASCII characters',
    effect: 'A key of the API with the administrator role, for programs. Unset: accounts and API keys alone.',
    secret: true,
  })
  @IsOptional()
  @Matches(/^[\x21-\x7e]{8,}$/, { message: '$property must be 8 or more visible ASCII characters' })
  readonly adminToken?: string;

  @Setting({
    variable: 'ADMIN_PASSWORD_FILE',
    unit: 'file',
    effect:
      'Its first line is the password of the account "admin", which a start makes when no account is an administrator. ' +
      'Not for everybody to read. Unset: a set-up token in the banner.',
  })
  @IsOptional()
  @IsString()
  readonly adminPasswordFile?: string;

  @Setting({
    variable: 'SESSION_IDLE_MINUTES',
    default: 480,
    unit: 'minutes, 1 or more',
    effect: 'A session ends when nobody has used it for so long.',
  })
  @IsInt()
  @Min(1)
  @Max(525_600)
  readonly sessionIdleMinutes: number = 480;

  @Setting({
    variable: 'SESSION_MAX_HOURS',
    default: 168,
    unit: 'hours, 1 or more',
    effect: 'A session ends so long after the log-in, used or not.',
  })
  @IsInt()
  @Min(1)
  @Max(8_760)
  readonly sessionMaxHours: number = 168;

  @Setting({
    variable: 'TRUST_PROXY',
    default: 'off',
    unit: 'off, number of proxies, or addresses',
    effect:
      'Whose X-Forwarded-For, -Proto and -Host are believed: of so many proxies in front, or of those in the list ' +
      '(10.0.0.5,192.168.0.0/16,loopback,uniquelocal). off: of nobody; then all callers behind a proxy count as one.',
  })
  @ValidateBy(
    { name: 'proxies', validator: { validate: (text: unknown) => namesProxies(String(text)) } },
    { message: '$property must be off, a number from 1 to 9, or addresses and networks, comma-separated' },
  )
  readonly trustProxy: string = 'off';

  @Setting({
    variable: 'REQUESTS_PER_MINUTE',
    default: 600,
    unit: 'requests, or 0',
    effect: 'How many requests a server takes from one address in a minute, health checks not counted. 0: any number.',
  })
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly requestsPerMinute: number = 600;

  @Setting({
    variable: 'DEMO',
    default: 'auto',
    unit: 'auto, off',
    effect:
      'auto: an emulated terminal of each kind while the embedded database has no device of yours. off: never. ' +
      'With DATABASE_URL there is never one.',
  })
  @IsIn(DEMO_MODES)
  readonly demo: DemoMode = 'auto';

  @Setting({
    variable: 'LOG_LEVEL',
    default: 'info',
    unit: LOG_LEVELS.join(', '),
    effect: 'How much the JSON log on standard output says.',
  })
  @IsIn(LOG_LEVELS)
  readonly logLevel: LogLevel = 'info';

  @Setting({
    variable: 'METRICS',
    default: 'key',
    unit: METRICS_ACCESS.join(', '),
    effect:
      'Who may read /metrics. key: whoever has an API key or a session. loopback: also programs on this host without one, ' +
      'unless a proxy passes their requests on. off: nobody.',
  })
  @IsIn(METRICS_ACCESS)
  readonly metrics: MetricsAccess = 'key';

  @Setting({
    variable: 'TIME_ZONE',
    unit: 'IANA name, such as Africa/Addis_Ababa',
    effect:
      'The zone of terminal clocks for devices that have none of their own; gives punches their instants. ' +
      'Unset: the zone of this host.',
  })
  @IsTimeZone()
  readonly timeZone: string = new Intl.DateTimeFormat().resolvedOptions().timeZone;

  @Setting({
    variable: 'AIFACE_PORT',
    default: STANDARD_AIFACE_PORT,
    unit: 'TCP port, or 0',
    effect:
      'Where terminals that dial in (AI06 and its relatives) connect to. 0 takes any free port; so does the default, ' +
      'with a warning, when something else has it.',
  })
  @IsInt()
  @Min(0)
  @Max(65535)
  readonly aifacePort: number = STANDARD_AIFACE_PORT;

  @Setting({
    variable: 'AIFACE_HOST',
    default: '127.0.0.1',
    unit: 'address',
    effect: 'The address that terminals dial in to. 0.0.0.0 opens it to the network of the terminals.',
  })
  @IsString()
  @MinLength(1)
  readonly aifaceHost: string = '127.0.0.1';

  @Setting({
    variable: 'AIFACE_TLS_CERT',
    unit: 'file, PEM',
    effect: 'With AIFACE_TLS_KEY: terminals dial in over TLS (wss). Few can. Unset: no TLS.',
  })
  @IsOptional()
  @IsString()
  readonly aifaceTlsCert?: string;

  @Setting({ variable: 'AIFACE_TLS_KEY', unit: 'file, PEM', effect: 'The private key of AIFACE_TLS_CERT.' })
  @IsOptional()
  @IsString()
  readonly aifaceTlsKey?: string;

  @Setting({
    variable: 'AIFACE_PROOF',
    default: 'counters',
    unit: 'counters, equal-lists',
    effect:
      'counters: a user list is believed only with the terminal’s counters before and after it. equal-lists: of firmware ' +
      'that cannot count while connected, also two equal lists that agree with its registration. Weaker; marked as such.',
  })
  @IsIn(AIFACE_PROOFS)
  readonly aifaceProof: AifaceProof = 'counters';

  @Setting({
    variable: 'DEVICE_NETWORKS',
    default: PRIVATE_NETWORKS,
    unit: 'CIDR networks, comma-separated',
    effect:
      'The networks that terminals may be in; no other address is called. This host (127.0.0.0/8, ::1/128) is among them only ' +
      'where it is listed, or while there may be demo terminals. Link-local addresses and the database are never called.',
  })
  @ValidateBy(
    { name: 'networks', validator: { validate: (text: unknown) => namesNetworks(String(text)) } },
    { message: '$property must be networks like 192.168.0.0/16,fd00::/8' },
  )
  readonly deviceNetworks: string = PRIVATE_NETWORKS;

  @Setting({
    variable: 'MONITORING_INTERVAL_MINUTES',
    default: 5,
    unit: 'minutes, 1 to 5',
    effect: 'Every terminal is read at least once in so long, to notice who is missing (requirement 9.1).',
  })
  @IsInt()
  @Min(1)
  @Max(5)
  readonly monitoringIntervalMinutes: number = 5;

  @Setting({
    variable: 'NOTIFY_NETWORKS',
    default: PRIVATE_NETWORKS,
    unit: 'CIDR networks, comma-separated',
    effect:
      'The networks of your own that notifications may go to, besides the internet. This host is among them only where it is ' +
      'listed (127.0.0.0/8). Link-local addresses are never called.',
  })
  @ValidateBy(
    { name: 'networks', validator: { validate: (text: unknown) => namesNetworks(String(text)) } },
    { message: '$property must be networks like 192.168.0.0/16,fd00::/8' },
  )
  readonly notifyNetworks: string = PRIVATE_NETWORKS;

  @Setting({
    variable: 'PUBLIC_URL',
    unit: 'http or https URL',
    effect: 'Where administrators reach this server; notifications link there. Unset: they carry no links.',
  })
  @IsOptional()
  @Matches(/^https?:\/\/[^\s/?#]+\/?$/, { message: '$property must be http:// or https:// and a host' })
  readonly publicUrl?: string;

  @Setting({
    variable: 'HEARTBEAT_URL',
    unit: 'http or https URL',
    effect:
      'Called every minute while the server polls terminals and reaches its database, so that a service outside (such as ' +
      'healthchecks.io) notices when it does not. Unset: nobody watches the watcher.',
    secret: true,
  })
  @IsOptional()
  @Matches(/^https?:\/\/\S+$/, { message: '$property must be an http or https URL' })
  readonly heartbeatUrl?: string;

  @Setting({
    variable: 'AAS_PATH',
    unit: 'file or folder',
    effect:
      'The folder of an AAS 6.0 installation, its tmkq.mdb, or a CSV export of it: punches are imported from there. ' +
      'Never written to. Unset: no AAS is followed.',
  })
  @IsOptional()
  @IsString()
  readonly aasPath?: string;

  @Setting({
    variable: 'AAS_DEVICES',
    unit: 'clock=device, comma-separated',
    effect:
      'Which AAS clock is which device, by short name or id: 1=front-door,2=hall; * stands for all other clocks. ' +
      'Punches of a clock without a device are counted and not imported.',
  })
  @IsOptional()
  @ValidateBy(
    { name: 'clocksOnce', validator: { validate: (text: unknown) => namesEachClockOnce(String(text)) } },
    { message: '$property names a clock twice' },
  )
  @Matches(/^\s*(\d+|\*)\s*=\s*[^,=\s][^,=]*(,\s*(\d+|\*)\s*=\s*[^,=\s][^,=]*)*$/, {
    message: '$property must be like 1=front-door,2=hall or *=front-door',
  })
  readonly aasDevices?: string;

  @Setting({
    variable: 'AAS_PASSWORD',
    unit: 'text',
    effect: 'The database password of the AAS file, if it has one. Unset: a protected file is refused.',
    secret: true,
  })
  @IsOptional()
  @IsString()
  readonly aasPassword?: string;

  @Setting({
    variable: 'BUFFER_RETENTION_DAYS',
    default: 90,
    unit: 'days, 90 or more',
    effect: 'How long a buffer row is kept after the last sighting (requirement 2.5).',
  })
  @IsInt()
  @Min(90)
  @Max(36500)
  readonly bufferRetentionDays: number = 90;

  @Setting({
    variable: 'BACKUP_DIR',
    unit: 'folder',
    effect:
      'Where backups of terminals are written; a mounted share will do. Another disk than that of DATA_DIR survives it. ' +
      'Unset: DATA_DIR/backups.',
  })
  @IsOptional()
  @IsString()
  readonly backupDir?: string;

  @Setting({
    variable: 'BACKUP_INTERVAL_HOURS',
    default: 6,
    unit: 'hours, 1 to 6',
    effect: 'How often every terminal is backed up (requirement 8.1).',
  })
  @IsInt()
  @Min(1)
  @Max(6)
  readonly backupIntervalHours: number = 6;

  @Setting({
    variable: 'BACKUP_RETENTION_DAYS',
    default: 30,
    unit: 'days, 30 or more',
    effect:
      'How long backups are kept (requirement 8.3); the newest valid one, and the newest large one, are kept for ever.',
  })
  @IsInt()
  @Min(30)
  @Max(36500)
  readonly backupRetentionDays: number = 30;

  @Setting({
    variable: 'BACKUP_KEY_FILE',
    unit: 'file',
    effect:
      'The secret keys that open backups, in the form of age, mode 0600 (holdfast keys generate). Unset: DATA_DIR/backup.key. ' +
      'Without the file backups are written and cannot be read here.',
  })
  @IsOptional()
  @IsString()
  readonly backupKeyFile?: string;

  @Setting({
    variable: 'BACKUP_RECIPIENTS_FILE',
    unit: 'file',
    effect:
      'The public keys that backups are encrypted to, one a line. Unset: DATA_DIR/backup-recipients.txt. Without the file ' +
      'backups hold neither PINs nor fingerprints nor faces.',
  })
  @IsOptional()
  @IsString()
  readonly backupRecipientsFile?: string;

  /** Whether emulated terminals may be shown: only on the embedded database, and never where there is one of your own. */
  mayShowDemo(): boolean {
    return this.demo === 'auto' && this.databaseUrl === undefined;
  }

  /** The networks inside that notifications may go to. */
  notifyNetworkList(): string[] {
    return this.notifyNetworks.split(',').map((network) => network.trim());
  }

  /** The networks that terminals may be called in. */
  deviceNetworkList(): string[] {
    const listed = this.deviceNetworks.split(',').map((network) => network.trim());
    return [...new Set([...listed, ...(this.mayShowDemo() ? LOOPBACK_NETWORKS : [])])];
  }

  /** The settings of this process. @throws {InvalidConfigError} */
  static fromProcess(): AppConfig {
    return AppConfig.fromEnv(process.env);
  }

  /** Every setting of this process with where it comes from, secrets masked, whether the settings are good or not. */
  static explainProcess(): ExplainedSetting[] {
    return AppConfig.explainEnv(process.env);
  }

  static explainEnv(env: Readonly<Record<string, string | undefined>>): ExplainedSetting[] {
    const standard = new AppConfig();
    return [...settingsOf(AppConfig)].map(([field, setting]) =>
      explainSetting(setting, env[setting.variable], standard[field as keyof AppConfig]),
    );
  }

  /**
   * Reads and checks all variables together. An empty variable counts as unset.
   * @throws {InvalidConfigError} naming every bad variable with its value (not of a secret) and its bound
   */
  static fromEnv(env: Readonly<Record<string, string | undefined>>): AppConfig {
    const config = new AppConfig() as { -readonly [field in keyof AppConfig]: unknown };
    for (const [field, { variable }] of settingsOf(AppConfig)) {
      const text = env[variable]?.trim();
      if (!text) continue;
      const name = field as keyof AppConfig;
      config[name] = typeof config[name] === 'number' ? asNumber(text) : text;
    }
    const problems = validateSync(config as object, { forbidUnknownValues: false }).map(({ property, constraints }) =>
      describeProblem(property, config[property as keyof AppConfig], Object.values(constraints ?? {})),
    );
    if (problems.length > 0) throw new InvalidConfigError(problems);
    config.dataDir = resolve(String(config.dataDir));
    return Object.freeze(config) as AppConfig;
  }
}

function namesNetworks(list: string): boolean {
  return list.split(',').every((network) => {
    const [address, bits, ...rest] = network.trim().split('/');
    const longest = isIP(address) === 4 ? 32 : 128;
    return isIP(address) !== 0 && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= longest && rest.length === 0;
  });
}

function namesEachClockOnce(pairs: string): boolean {
  const clocks = pairs.split(',').map((pair) => pair.split('=')[0].trim());
  return new Set(clocks).size === clocks.length;
}

function namesProxies(text: string): boolean {
  if (text === 'off' || /^[1-9]$/.test(text)) return true;
  return text.split(',').every((part) => {
    const [address, bits, ...rest] = part.trim().split('/');
    if (bits === undefined) return ['loopback', 'linklocal', 'uniquelocal'].includes(address) || isIP(address) > 0;
    return rest.length === 0 && /^\d{1,3}$/.test(bits) && isIP(address) > 0 && Number(bits) <= widthOf(address);
  });
}

function widthOf(address: string): number {
  return isIP(address) === 4 ? 32 : 128;
}

function asNumber(text: string): number | string {
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function describeProblem(field: string, value: unknown, constraints: readonly string[]): string {
  const { variable, secret } = settingsOf(AppConfig).get(field) ?? { variable: field };
  const shown = secret ? '(hidden)' : JSON.stringify(value);
  return `${variable}=${shown}: ${constraints.map((text) => text.replaceAll(field, variable)).join(', ')}`;
}
