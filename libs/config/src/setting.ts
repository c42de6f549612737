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
