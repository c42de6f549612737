import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmbeddedPostgresError, startEmbeddedPostgres } from '@app/database';
import pg from 'pg';

const QUICK = { fsync: 'off', max_connections: '20', shared_buffers: '16MB' };
const isRoot = process.getuid?.() === 0;
const folders: string[] = [];
const helpers: ChildProcess[] = [];
let dataDir: string;

async function newFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-embedded-'));
  folders.push(folder);
  await chmod(folder, mode);
  return folder;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function postmasterPid(home: string): Promise<number> {
  return Number((await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  dataDir = join(await newFolder(), 'data');
});
afterAll(async () => {
  for (const helper of helpers) helper.kill('SIGKILL');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('starts in an empty folder in UTF-8 whatever LANG says, and leaves no process when it is stopped', async () => {
    const lang = process.env.LANG;
    delete process.env.LANG;
    const database = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    if (lang !== undefined) process.env.LANG = lang;
    expect(database.startedByUs).toBe(true);
    expect(await query(database.url, 'show server_encoding')).toEqual([{ server_encoding: 'UTF8' }]);
    expect(await query(database.url, "select lower('ÉÖ') as l")).toEqual([{ l: 'éö' }]);
    expect(await query(database.url, 'show listen_addresses')).toEqual([{ listen_addresses: '' }]);
    await query(database.url, 'create table kept (x int)');
    const pid = await postmasterPid(database.dataDir);
    await database.stop();
    expect(alive(pid)).toBe(false);
  });

  it('keeps its data over a second start, and overrides a pid file whose number belongs to another program', async () => {
    const home = join(dataDir, 'postgres');
    await writeFile(join(home, 'cluster', 'postmaster.pid'), `${process.pid}\n${home}\n1\n5432\n\n\n\n`);
    const database = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    expect(await query(database.url, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }]);
    await database.stop();
  });

  it('lets a second user join, and stops with the last one', async () => {
    const starter = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    helpers.push(starter);
    const first = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    const pid = await postmasterPid(first.dataDir);
    // Another live process is on the list of users, as a server beside a command would be.
    const stat = await readFile(`/proc/${starter.pid}/stat`, 'utf8');
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    await writeFile(join(first.dataDir, 'users', `${starter.pid}-${startTime}`), '');
    const second = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    expect(second.startedByUs).toBe(false);
    await second.stop();
    expect(alive(pid)).toBe(true);
    starter.kill('SIGKILL');
    await once(starter, 'exit');
    const third = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    expect(third.startedByUs).toBe(false);
    await third.stop();
    expect(alive(pid)).toBe(false);
  });

  it('recovers after the server itself was killed', async () => {
    const before = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    const pid = await postmasterPid(before.dataDir);
    process.kill(pid, 'SIGKILL');
    const after = await startEmbeddedPostgres({ dataDir, settings: QUICK });
    expect(await query(after.url, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }]);
    await after.stop();
  });

  it('refuses a folder that it cannot make, in one sentence with the remedy', async () => {
    const file = join(await newFolder(), 'a-file');
    await writeFile(file, '');
    const start = startEmbeddedPostgres({ dataDir: join(file, 'data') });
    await expect(start).rejects.toThrow(EmbeddedPostgresError);
    await expect(start).rejects.toThrow(/cannot be written by .* choose another folder with DATA_DIR/);
  });

  it('refuses a cluster of another PostgreSQL and leaves it as it is', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'postgres', 'cluster'), { recursive: true });
    await writeFile(join(folder, 'postgres', 'cluster', 'PG_VERSION'), '15\n');
    await expect(startEmbeddedPostgres({ dataDir: folder })).rejects.toThrow(/was made by PostgreSQL 15/);
    expect(await readFile(join(folder, 'postgres', 'cluster', 'PG_VERSION'), 'utf8')).toBe('15\n');
  });

  it('uses a short folder for the socket when its own path is too long for one', async () => {
    const folder = join(await newFolder(), 'x'.repeat(100));
    const database = await startEmbeddedPostgres({ dataDir: folder, settings: QUICK });
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
  });

  (isRoot ? it : it.skip)('works for root below a private folder, and says where the files went', async () => {
    const folder = join(await newFolder(0o700), 'data');
    const database = await startEmbeddedPostgres({ dataDir: folder, settings: QUICK });
    folders.push(database.dataDir);
    expect(database.dataDir).toMatch(/^\/var\/lib\/holdfast\//);
    expect(await readFile(join(folder, 'postgres-is-elsewhere.txt'), 'utf8')).toContain(database.dataDir);
    expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await database.stop();
  });
});
