import { createHash } from 'node:crypto';
import { readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { AasFileError, AasReader, type AasSource, findAasSources, type OrderedPunch } from '@app/aas';
import { AbortedError, formatWallTime } from '@app/kernel';
import { aasFixture, anAasFolder, BUILT_AAS_WORKER } from '@test/support';

const reader = new AasReader(BUILT_AAS_WORKER);
const ONE = { '1': 'front', '2': 'hall' };

function sourceOf(path: string): AasSource {
  return { path, kind: path.endsWith('.csv') ? 'csv' : 'mdb', role: 'live', modifiedAt: new Date(), sizeBytes: 0 };
}

async function allPunches(path: string, clocks: Record<string, string>, target: string): Promise<OrderedPunch[]> {
  await using file = await reader.open(sourceOf(path), { clocks });
  const punches: OrderedPunch[] = [];
  for await (const batch of file.punchesOf(target)) punches.push(...batch);
  return punches;
}

async function refusalOf(path: string, password?: string): Promise<string> {
  try {
    await using _ = await reader.open(sourceOf(path), { clocks: ONE, password });
  } catch (error) {
    expect(error).toBeInstanceOf(AasFileError);
    expect((error as Error).message).not.toContain('fixture-pw');
    return (error as AasFileError).code;
  }
  throw new Error('the file was not refused');
}

describe('an AAS database', () => {
  it('is read whole: every employee and every punch, with the golden facts', async () => {
    await using file = await reader.open(sourceOf(aasFixture('tmkq.mdb')), { clocks: ONE });
    const { employees, tables, punches } = file.summary;
    expect(tables).toEqual({
      Employee: 60,
      TimeRecords1: 766,
      TimeRecords2: 616,
      TimeRecords: 3_000,
      tmpTRecords: 3_000,
    });
    expect(punches).toEqual({ front: 1_963, hall: 1_035, 'clock 0': 2 });
    const named = (id: string): object | undefined => employees.find(({ employeeId }) => employeeId === id);
    expect(employees).toHaveLength(60);
    expect(named('00000013')).toMatchObject({ name: null });
    expect(named('00000049')).toMatchObject({ deviceUserId: '4294967' });
    expect(named('00000037')).toMatchObject({ name: "Marta O'Neill", deviceUserId: '42' });
    expect(named('00000007')).toMatchObject({ deviceUserId: '7' });
    expect(named('00000025')).toMatchObject({ endDate: '2020-01-01' });
    expect(named('00000031')).toMatchObject({ endDate: null });
  });

  it('gives wall times to the second, directions, doubles with an ordinal, and what was typed in by hand', async () => {
    const path = aasFixture('tmkq.mdb');
    const all = await allPunches(path, { '*': 'all' }, 'all');
    expect(all).toHaveLength(3_000);
    expect(all.filter(({ state }) => state === 0)).toHaveLength(1_495);
    expect(all.filter(({ state }) => state === 1)).toHaveLength(1_505);
    const times = all.map(({ wallTime }) => formatWallTime(wallTime)).toSorted();
    expect([times[0], times.at(-1)]).toEqual(['2000-01-01 00:03:17', '2041-05-06 07:08:09']);
    const doubled = all.filter(
      ({ deviceUserId, wallTime }) => deviceUserId === '2' && formatWallTime(wallTime) === '2026-01-12 07:54:07',
    );
    expect(doubled.map(({ ordinal }) => ordinal)).toEqual([1, 2]);
    expect(all.filter(({ enteredByHand }) => enteredByHand)).toHaveLength(2);
    expect(all.filter(({ deviceUserId }) => deviceUserId === '55')).toHaveLength(39);
    expect(all.filter(({ deviceUserId }) => deviceUserId === '99')).toHaveLength(6);
    const edges = all
      .filter(({ deviceUserId }) => deviceUserId === '10')
      .map(({ wallTime }) => formatWallTime(wallTime));
    expect(edges).toEqual(expect.arrayContaining(['2026-01-13 00:00:00', '2026-01-13 23:59:59']));
  });

  it.each([
    ['tmkq-truncated.mdb', 'aas/damaged'],
    ['tmkq-stale-page.mdb', 'aas/damaged'],
    ['tmkq-password.mdb', 'aas/password-protected'],
    ['README.md', 'aas/damaged'],
    ['no-such.mdb', 'aas/not-found'],
  ])('%s is refused as a whole (%s)', async (name, code) => {
    expect(await refusalOf(aasFixture(name))).toBe(code);
  });

  it('with a password is read when it is the right one', async () => {
    expect(await refusalOf(aasFixture('tmkq-password.mdb'), 'wrong')).toBe('aas/password-protected');
    await using file = await reader.open(sourceOf(aasFixture('tmkq-password.mdb')), {
      clocks: ONE,
      password: 'fixture-pw',
    });
    expect(file.summary.employees).toHaveLength(10);
  });

  it('cut at any page is refused, never read as a shorter one', async () => {
    await using folder = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
    const path = join(folder.path, 'tmkq.mdb');
    const pages = 753_664 / 4_096;
    for (let left = pages - 1; left > 0; left -= 15) {
      await truncate(path, left * 4_096);
      expect(['aas/damaged', 'aas/not-aas']).toContain(await refusalOf(path));
    }
    await truncate(path, 0);
    expect(await refusalOf(path)).toBe('aas/damaged');
  });

  it('whose data pages are another version is refused, as far as its row counts tell', async () => {
    await using folder = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
    const path = join(folder.path, 'tmkq.mdb');
    const whole = await readFile(path);
    let refused = 0;
    for (let page = 20; page < 180; page += 20) {
      const stale = Buffer.from(whole);
      stale.fill(0, page * 4_096, (page + 1) * 4_096);
      await writeFile(path, stale);
      const read = await reader.open(sourceOf(path), { clocks: ONE }).then(
        async (file) => {
          await file[Symbol.asyncDispose]();
          return file.summary.tables;
        },
        () => undefined,
      );
      if (read === undefined) refused += 1;
      else expect(read).toMatchObject({ Employee: 60, TimeRecords: 3_000, tmpTRecords: 3_000 });
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('is never written to', async () => {
    await using folder = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
    const path = join(folder.path, 'tmkq.mdb');
    const digest = async (): Promise<string> =>
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
    const before = await digest();
    await allPunches(path, ONE, 'front');
    expect(await digest()).toBe(before);
  });
});

describe('the reading of an AAS file', () => {
  const whole = sourceOf(aasFixture('tmkq.mdb'));

  it('ends when it is told to, before it began, while it goes on or between two batches, and blames nobody', async () => {
    const reason = new Error('the server is stopping');
    const options = { clocks: ONE, signal: AbortSignal.abort(reason) };
    await expect(reader.open(whole, options)).rejects.toBeInstanceOf(AbortedError);
    const during = new AbortController();
    const opening = expect(reader.open(whole, { clocks: ONE, signal: during.signal })).rejects.toBeInstanceOf(
      AbortedError,
    );
    setImmediate(() => during.abort(reason));
    await opening;
    const between = new AbortController();
    await using file = await reader.open(whole, { clocks: ONE, signal: between.signal });
    const read = async (): Promise<void> => {
      for await (const batch of file.punchesOf('front')) {
        expect(batch.length).toBeGreaterThan(0);
        between.abort(reason);
        await file[Symbol.asyncDispose](); // its thread is gone when the next batch is asked for
      }
    };
    await expect(read()).rejects.toMatchObject({
      code: 'work/aborted',
      message: expect.stringContaining(reason.message),
    });
  });

  it('that crashes is told as such, and loses nothing of the program', async () => {
    const crash = async (program: string): Promise<unknown> =>
      new AasReader(new URL(`data:text/javascript,${encodeURIComponent(program)}`))
        .open(whole, { clocks: ONE })
        .catch((e: unknown) => e);
    expect(await crash('process.exit(1)')).toMatchObject({ code: 'aas/reader-crashed' });
    expect(await crash('throw new Error("no memory")')).toMatchObject({
      code: 'aas/reader-crashed',
      message: expect.stringContaining('no memory'),
    });
  });
});

describe('an AAS export', () => {
  it('is read whole, to the minute, and tells what it may lack', async () => {
    await using file = await reader.open(sourceOf(aasFixture('aas-export.csv')), { clocks: { '*': 'front' } });
    expect(file.summary.tables).toEqual({ 'CSV rows': 766 });
    expect(file.summary.warnings.join()).toContain('later punches of those days are not in the export');
    const punches = await allPunches(aasFixture('aas-export.csv'), { '*': 'front' }, 'front');
    expect(punches.length).toBe(file.summary.punches.front);
    expect(new Set(punches.map(({ preciseTo }) => preciseTo))).toEqual(new Set(['minute']));
    expect(file.summary.employees.find(({ employeeId }) => employeeId === '00000099')).toMatchObject({ name: null });
  });

  it('that was cut in a row, has other columns, another encoding or an impossible day is refused', async () => {
    await using folder = await anAasFolder({ 'export.csv': 'aas-export.csv' });
    const path = join(folder.path, 'export.csv');
    const whole = await readFile(path);
    for (const [change, code] of [
      [(bytes: Buffer) => bytes.subarray(0, bytes.length - 9), 'aas/damaged'],
      [(bytes: Buffer) => bytes.subarray(0, 30_001), 'aas/damaged'],
      [(bytes: Buffer) => Buffer.from(bytes.toString().replace('Staff Code', 'Code')), 'aas/not-aas'],
      [() => Buffer.from('# Notes\n\nA text, not "rows".\n'), 'aas/not-aas'],
      [(bytes: Buffer) => Buffer.from(bytes.toString(), 'latin1'), 'aas/bad-encoding'],
      [(bytes: Buffer) => Buffer.from(bytes.toString().replace('1/12/2026', 'yesterday')), 'aas/damaged'],
    ] as const) {
      await writeFile(path, change(whole));
      expect(await refusalOf(path)).toBe(code);
    }
  });
});

describe('the files worth reading', () => {
  it('are the newest daily copy, then the live database unless AAS has it open', async () => {
    await using folder = await anAasFolder({
      'tmkq.mdb': 'tmkq.mdb',
      '5tmkqbak.mdb': 'tmkq-password.mdb',
      '6tmkqbak.mdb': 'tmkq-password.mdb',
      '32tmkqbak.mdb': 'tmkq-password.mdb',
    });
    await utimes(join(folder.path, '6tmkqbak.mdb'), new Date(), new Date(Date.now() - 60_000));
    const found = async (): Promise<string[]> =>
      (await findAasSources(folder.path)).map(({ path, role }) => `${role} ${path.slice(folder.path.length + 1)}`);
    expect(await found()).toEqual(['backup 5tmkqbak.mdb', 'live tmkq.mdb']);
    await writeFile(join(folder.path, 'tmkq.ldb'), '');
    expect(await found()).toEqual(['backup 5tmkqbak.mdb']);
  });

  it('are none while AAS has its only file open, or when there is nothing', async () => {
    await using folder = await anAasFolder({ 'tmkq.mdb': 'tmkq.mdb' });
    await writeFile(join(folder.path, 'TMKQ.LDB'), '');
    await expect(findAasSources(folder.path)).rejects.toMatchObject({ code: 'aas/file-locked' });
    await using empty = await anAasFolder({});
    await expect(findAasSources(empty.path)).rejects.toMatchObject({ code: 'aas/not-found' });
    await expect(findAasSources(join(empty.path, 'no'))).rejects.toMatchObject({ code: 'aas/not-found' });
  });
});
