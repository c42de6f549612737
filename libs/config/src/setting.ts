import 'reflect-metadata';

/** What docs/configuration.md says about one variable; a test compares the two. */
export interface SettingDescription {
  readonly variable: string;
  /** Shown in the documentation; undefined: there is none. */
  readonly default?: string | number;
  readonly unit?: string;
  readonly effect: string;
  /** Never printed or logged. */
  readonly secret?: boolean;
}

const SETTINGS = Symbol('settings');

/** Marks a field of AppConfig with the variable it comes from. */
export function Setting(description: SettingDescription): PropertyDecorator {
  return (target, field) => {
    const known: Map<string, SettingDescription> = Reflect.getOwnMetadata(SETTINGS, target) ?? new Map();
    known.set(String(field), description);
    Reflect.defineMetadata(SETTINGS, known, target);
  };
}

/** Every setting of a config class, by field name, in the order of the source. */
export function settingsOf(configClass: { prototype: object }): ReadonlyMap<string, SettingDescription> {
  return Reflect.getOwnMetadata(SETTINGS, configClass.prototype) ?? new Map();
}

/** A setting as it is in force, for people. */
export interface ExplainedSetting {
  readonly variable: string;
  /** Null: there is none. A secret is masked. */
  readonly value: string | null;
  /** `host`: taken from this machine, since the variable is unset. */
  readonly source: 'environment' | 'default' | 'host' | 'unset';
  readonly secret: boolean;
  readonly unit?: string;
  readonly effect: string;
}

/** Where a setting comes from and what it is. An empty variable counts as unset. */
export function explainSetting(
  { variable, default: standard, unit, effect, secret = false }: SettingDescription,
  given: string | undefined,
  otherwise: unknown,
): ExplainedSetting {
  const about = { variable, secret, unit, effect };
  const text = given?.trim();
  if (text) return { ...about, value: secret ? masked(text) : text, source: 'environment' };
  if (standard !== undefined) return { ...about, value: String(standard), source: 'default' };
  if (typeof otherwise === 'string') return { ...about, value: otherwise, source: 'host' };
  return { ...about, value: null, source: 'unset' };
}

/** Of a URL everything stays but the credentials and what follows the path, where such may hide too; of the rest nothing. */
function masked(secret: string): string {
  if (!URL.canParse(secret)) return '(hidden)';
  const { protocol, hostname, port, pathname, username } = new URL(secret);
  if (!protocol.startsWith('postgres')) return `${protocol}//${hostname}/(hidden)`;
  return `${protocol}//${username && `${username}:(hidden)@`}${hostname}${port && `:${port}`}${pathname}`;
}
