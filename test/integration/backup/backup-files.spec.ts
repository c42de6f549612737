import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BACKUP_WRITE_STEPS,
  BackupFolder,
  BackupInvalidError,
  BackupKeyMissingError,
  BackupKeys,
  BackupNotFoundError,
  BackupNotWrittenError,
  BackupWriteObserver,
  type OpenedBackup,
} from '@app/backup';
import { AppConfig } from '@app/config';
import { SystemClock } from '@app/kernel';
import { aBackupSource, aSnapshot } from '@test/support';
import fc from 'fast-check';

jest.setTimeout(120_000);

const IS_FULL = process.env.CHAOS === 'full';
const PIN = '73519462';
const TEMPLATE = randomBytes(600);
const USERS = Array.from({ length: 40 }, (_, i) =>
  aSnapshot(i + 1, { pin: PIN, templates: [TEMPLATE, randomBytes(700)] }),
);

let dataDir: string;
let keys: BackupKeys;
let observer: BackupWriteObserver;
let folder: BackupFolder;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
  const config = AppConfig.fromEnv({ DATA_DIR: dataDir });
  keys = new BackupKeys(config, new SystemClock());
  observer = new BackupWriteObserver();
  folder = new BackupFolder(config, keys, observer);
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const write = (users = USERS, at?: Date): ReturnType<BackupFolder['write']> =>
  folder.write(aBackupSource(users, at), { slug: 'front-door' });

async function bytesOf(backup: OpenedBackup): Promise<string[]> {
  const found: string[] = [];
  for await (const { deviceUserId, snapshot } of backup.users())
    found.push(`${deviceUserId} ${snapshot.toString('hex')}`);
  return found;
}

async function contentsOf(): Promise<Map<string, string>> {
  const names = await readdir(folder.path);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(join(folder.path, name))).toString('hex')] as const),
    ),
  );
}

const wanted = USERS.map(({ user, bytes }) => `${user.deviceUserId} ${bytes.toString('hex')}`);

describe.each(['encrypted', 'in clear'])('a backup that is written %s', (how) => {
  beforeEach(async () => {
    if (how === 'encrypted') await keys.generate();
  });

  it('gives back what went in, mode 0600, under a name that tells when', async () => {
    const written = await write();
    expect(written.filename).toBe(
      `front-door-users-backup-20260131T094500123Z.json${how === 'encrypted' ? '.age' : ''}`,
    );
    expect((await stat(join(folder.path, written.filename))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual([written.filename]);
    const opened = await folder.open(written.filename);
    expect(opened.header).toMatchObject({ users: 40, contents: how === 'encrypted' ? 'everything' : 'attributes' });
    if (how === 'encrypted') expect(await bytesOf(opened)).toEqual(wanted);
    else expect(opened.header.lacking.join()).toMatch(/fingerprints/);
  });

  it('is refused when one bit of it is another one, at whichever byte', async () => {
    const { filename } = await write();
    const file = join(folder.path, filename);
    const whole = await readFile(file);
    expect(whole.length).toBeGreaterThan(how === 'encrypted' ? 65_536 : 4_096);
    const step = IS_FULL ? 1 : Math.ceil(whole.length / 150);
    const places = new Set([0, 20, 64, whole.length - 1, 65_500, 65_700].filter((at) => at < whole.length));
    for (let at = 0; at < whole.length; at += step) places.add(at);
    for (const at of places) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 1 << (at % 8);
      await writeFile(file, damaged);
      await expect(folder.open(filename)).rejects.toThrow(/cannot be/);
    }
  });

  it('is refused when it is cut, or has something behind it', async () => {
    const { filename } = await write();
    const file = join(folder.path, filename);
    const whole = await readFile(file);
    const step = IS_FULL ? 1 : Math.ceil(whole.length / 100);
    for (let length = 0; length < whole.length; length += step) {
      await writeFile(file, whole.subarray(0, length));
      await expect(folder.open(filename)).rejects.toThrow(/cannot be/);
    }
    for (const tail of ['\n', 'x', '{"device_user_id":"1","name":null,"snapshot":{}}\n', '\0'.repeat(70_000)]) {
      await writeFile(file, Buffer.concat([whole, Buffer.from(tail)]));
      await expect(folder.open(filename)).rejects.toBeInstanceOf(BackupInvalidError);
    }
  });

  it('leaves older backups byte for byte, and only whole files, whatever step it dies at', async () => {
    await write();
    const before = await contentsOf();
    for (const step of BACKUP_WRITE_STEPS) {
      observer.reached = async (reached) => {
        if (reached === step) throw new Error('died');
      };
      await expect(write()).rejects.toThrow();
      observer.reached = async () => undefined;
      const after = await contentsOf();
      for (const [name, bytes] of before) expect(after.get(name)).toBe(bytes);
      for (const name of await folder.list()) await folder.open(name);
      for (const name of await folder.list()) if (!before.has(name)) await folder.remove(name);
    }
  });

  it('leaves nothing of itself on a full disk, and says so', async () => {
    await write();
    const before = await contentsOf();
    for (const room of [0, 100, 10_000]) {
      let used = 0;
      observer.wrote = (bytes) => {
        used += bytes;
        if (used > room) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      };
      await expect(write()).rejects.toThrow(/ENOSPC, the disk is full; make room/);
      expect(await contentsOf()).toEqual(before);
    }
  });

  it('never shows a PIN or a template in a file, a temporary or an error', async () => {
    const seen: Buffer[] = [];
    observer.reached = async () => {
      for (const name of await readdir(folder.path)) seen.push(await readFile(join(folder.path, name)));
    };
    await write();
    const planted = [
      PIN,
      ...[TEMPLATE].flatMap((bytes) => [bytes.toString('base64').slice(0, 60), bytes.toString('hex').slice(0, 60)]),
    ];
    const all = Buffer.concat(seen);
    for (const secret of [
      ...planted.map((text) => Buffer.from(text)),
      TEMPLATE.subarray(0, 60),
      Buffer.from(Buffer.from(PIN).toString('base64')),
    ])
      expect(all.includes(secret)).toBe(false);
    expect(seen.length).toBeGreaterThan(3);
  });
});

it('refuses an encrypted file whose chunks were swapped', async () => {
  await keys.generate();
  const { filename } = await write(
    Array.from({ length: 120 }, (_, i) => aSnapshot(i + 1, { templates: [randomBytes(1_500)] })),
  );
  const file = join(folder.path, filename);
  const whole = await readFile(file);
  const payload = whole.indexOf('\n--- ') + 5;
  const start = whole.indexOf('\n', payload) + 1 + 16;
  const chunk = 65_536 + 16;
  expect(whole.length).toBeGreaterThan(start + 2 * chunk);
  const swapped = Buffer.concat([
    whole.subarray(0, start),
    whole.subarray(start + chunk, start + 2 * chunk),
    whole.subarray(start, start + chunk),
    whole.subarray(start + 2 * chunk),
  ]);
  await writeFile(file, swapped);
  await expect(folder.open(filename)).rejects.toBeInstanceOf(BackupInvalidError);
});

it('refuses a file under the name of another terminal or time', async () => {
  const { filename } = await write(USERS.slice(0, 1));
  const bytes = await readFile(join(folder.path, filename));
  for (const name of [filename.replace('front', 'back'), filename.replace('094500123', '094500124')]) {
    await writeFile(join(folder.path, name), bytes);
    await expect(folder.open(name)).rejects.toBeInstanceOf(BackupInvalidError);
  }
});

it('gives backups of one instant names in the order of their making', async () => {
  const names = [];
  for (let i = 0; i < 4; i += 1) names.push((await write(USERS.slice(0, 2))).filename);
  expect(names.toSorted()).toEqual(names);
  expect(new Set(names).size).toBe(4);
});

it('opens nothing for 500 hostile names, and says the same of each', async () => {
  await mkdir(folder.path, { recursive: true });
  await writeFile(join(dataDir, 'secret.json'), 'secret');
  const tricks = [
    '../secret.json',
    '/etc/passwd',
    '..',
    '.',
    '',
    '\0',
    'a\0.json',
    '%2e%2e/secret.json',
    'CON',
    '~root',
    '…',
  ];
  const name = fc.oneof(fc.constantFrom(...tricks), fc.string({ unit: 'binary', maxLength: 300 }), fc.webPath());
  const hostile = fc.sample(fc.tuple(name, fc.constantFrom('', '-users-backup-20260131T094500123Z.json', '.age')), 500);
  for (const [head, tail] of hostile) {
    const wrong = `../${head}${tail}`;
    const error: unknown = await folder.open(wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BackupNotFoundError);
    expect((error as Error).message).toBe(new BackupNotFoundError().message);
  }
});

it('does not see files that are none of ours, and sweeps only its own temporaries', async () => {
  await write(USERS.slice(0, 1));
  await writeFile(join(folder.path, 'notes.txt'), 'mine');
  const old = join(folder.path, `.holdfast-backup-${'a'.repeat(16)}.tmp`);
  const fresh = join(folder.path, `.holdfast-backup-${'b'.repeat(16)}.tmp`);
  for (const file of [old, fresh]) await writeFile(file, 'x');
  await utimes(old, new Date(0), new Date(0));
  await folder.sweepTemporaries(new Date(Date.now() - 60_000));
  expect((await readdir(folder.path)).toSorted()).toEqual(
    [
      `.holdfast-backup-${'b'.repeat(16)}.tmp`,
      'front-door-users-backup-20260131T094500123Z.json',
      'notes.txt',
    ].toSorted(),
  );
  expect(await folder.list()).toHaveLength(1);
});

describe('keys', () => {
  it('are made once, the secret one for this account alone, the recovery key for nobody’s disk', async () => {
    const { recoveryKey, status } = await keys.generate();
    expect(status).toMatchObject({ identities: 1 });
    expect(status.recipients.map(({ role }) => role)).toEqual(['operational', 'recovery']);
    expect((await stat(status.keyFile)).mode & 0o777).toBe(0o600);
    for (const name of await readdir(dataDir))
      expect(await readFile(join(dataDir, name), 'utf8')).not.toContain(recoveryKey);
    await expect(keys.generate()).rejects.toThrow(/there already/);
  });

  it('can be rotated: old backups stay readable, new ones are not for the old key', async () => {
    await keys.generate();
    const old = await write(USERS.slice(0, 2));
    const [first] = await keys.identities();
    await keys.rotate();
    const fresh = await write(USERS.slice(0, 2));
    for (const { filename } of [old, fresh]) await folder.open(filename);
    await writeFile((await keys.status()).keyFile, `${first}\n`);
    await folder.open(old.filename);
    await expect(folder.open(fresh.filename)).rejects.toBeInstanceOf(BackupKeyMissingError);
  });

  it('are refused when they are mistyped, and the error does not show them', async () => {
    const { status } = await keys.generate();
    const [key] = await keys.identities();
    const wrong = `${key.slice(0, -3)}${key.endsWith('QQQ') ? 'PPP' : 'QQQ'}`;
    await writeFile(status.keyFile, `${wrong}\n`);
    const error: unknown = await keys.identities().catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(/Key 1 in/);
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(wrong.slice(15, 40));
  });

  it('keep the recovery recipient in a rotation, even where the recovery key is in use', async () => {
    const { recoveryKey, status } = await keys.generate();
    await writeFile(status.keyFile, `${recoveryKey}\n`);
    expect((await keys.rotate()).recipients.map(({ role }) => role)).toEqual(['operational', 'recovery']);
  });

  it('are not used when others may read them', async () => {
    const { status } = await keys.generate();
    await chmod(status.keyFile, 0o644);
    await expect(keys.identities()).rejects.toThrow(/chmod 600/);
  });

  it('a host with public keys alone can write, and not read', async () => {
    const { status } = await keys.generate();
    await rm(status.keyFile);
    const written = await write(USERS.slice(0, 2));
    expect(written).toMatchObject({ encrypted: true, readBack: false });
    await expect(folder.open(written.filename)).rejects.toBeInstanceOf(BackupKeyMissingError);
  });

  it('a folder that cannot be written to is named with the remedy', async () => {
    await writeFile(folder.path, 'a file in its place');
    await expect(write(USERS.slice(0, 1))).rejects.toBeInstanceOf(BackupNotWrittenError);
  });
});

const age = spawnSync('age', ['--version']).status === 0;
(age ? describe : describe.skip)(`Debian's age${age ? '' : ' (not installed: apt-get install age)'}`, () => {
  it('opens our files with either key, and refuses without', async () => {
    const { recoveryKey, status } = await keys.generate();
    const { filename } = await write();
    const file = join(folder.path, filename);
    const recovery = join(dataDir, 'recovery.key');
    await writeFile(recovery, `${recoveryKey}\n`);
    for (const identity of [status.keyFile, recovery]) {
      const text = execFileSync('age', ['-d', '-i', identity, file]).toString();
      expect(text.split('\n')).toHaveLength(43);
      expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({ format: 'holdfast-backup/1', users: 40 });
    }
    const stranger = join(dataDir, 'stranger.key');
    execFileSync('age-keygen', ['-o', stranger], { stdio: 'ignore' });
    expect(spawnSync('age', ['-d', '-i', stranger, file]).status).not.toBe(0);
  });
});
