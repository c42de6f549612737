import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { AppConfig, InvalidConfigError, settingsOf } from '@app/config';

describe('AppConfig', () => {
  it('has safe defaults and is frozen', () => {
    const config = AppConfig.fromEnv({});
    expect(config).toMatchObject({ port: 3000, host: '127.0.0.1', demo: 'auto', bufferRetentionDays: 90 });
    expect(config.databaseUrl).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes an empty variable for an unset one', () => {
    expect(AppConfig.fromEnv({ PORT: ' ', DATABASE_URL: '' })).toMatchObject({ port: 3000 });
  });

  it('reports every bad variable together, without showing a secret', () => {
    const read = (): AppConfig =>
      AppConfig.fromEnv({ PORT: '99999', DEMO: 'maybe', BUFFER_RETENTION_DAYS: '89', ADMIN_TOKEN: 'short!!' });
    expect(read).toThrow(InvalidConfigError);
    expect(read).toThrow(/PORT=99999.*DEMO="maybe".*BUFFER_RETENTION_DAYS=89/s);
    expect(read).not.toThrow(/short!!/);
  });

  it('refuses a clock of AAS that is given to two devices', () => {
    expect(() => AppConfig.fromEnv({ AAS_DEVICES: '1=front, 1=hall' })).toThrow(/AAS_DEVICES names a clock twice/);
    expect(AppConfig.fromEnv({ AAS_DEVICES: '1=front,*=front' }).aasDevices).toBe('1=front,*=front');
  });

  it('refuses a port that is no number', () => {
    expect(() => AppConfig.fromEnv({ PORT: '30a' })).toThrow(/PORT="30a": PORT must/);
  });

  it.each(['off', '1', '10.0.0.5, 192.168.0.0/16', 'loopback,2001:db8::/32'])('takes TRUST_PROXY=%s', (text) => {
    expect(AppConfig.fromEnv({ TRUST_PROXY: text }).trustProxy).toBe(text);
  });

  it.each(['on', 'true', '0', '10.0.0.5/33', '10.0.0', 'proxy.example', '10.0.0.5,'])(
    'refuses TRUST_PROXY=%s, which would trust nobody or everybody',
    (text) => {
      expect(() => AppConfig.fromEnv({ TRUST_PROXY: text })).toThrow(/TRUST_PROXY must be off/);
    },
  );

  it('agrees with docs/configuration.md, variable by variable', () => {
    const rows = readFileSync('docs/configuration.md', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    const documented = rows.map(([, variable, standard, unit, effect]) => ({ variable, standard, unit, effect }));
    const real = [...settingsOf(AppConfig).values()].map((setting) => ({
      variable: `\`${setting.variable}\``,
      standard: setting.default === undefined ? 'none' : `\`${setting.default}\``,
      unit: setting.unit ?? '',
      effect: setting.effect,
    }));
    expect(documented).toEqual(real);
  });
});
