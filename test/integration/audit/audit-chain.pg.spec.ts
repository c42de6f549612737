import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuditChain,
  AuditModule,
  type ChainReport,
  DeviceUserAuditService,
  type NewAuditEntry,
  type StreamEnd,
} from '@app/audit';
import { systemActor } from '@app/kernel';
import { emptyTables, openTestApp, type TestApp, withoutTriggers } from '@test/support';
import fc from 'fast-check';
import { type EntityManager } from 'typeorm';
import { type Tamper, TAMPERS } from './tampers.js';

let app: TestApp;
let chain: AuditChain;

beforeAll(async () => {
  app = await openTestApp([AuditModule]);
  chain = app.get(AuditChain);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

function anEntry(deviceId: string | undefined, number: number): NewAuditEntry {
  return {
    operation: 'user_discovered',
    deviceId,
    deviceUserId: String(number),
    deviceUserName: number % 3 === 0 ? null : `Name ${number}`,
    performedBy: systemActor,
    serviceName: 'test',
    details: { number, nested: { list: [1, null, '“quoted”'] } },
  };
}

/** A log of three streams whose blocks hold one to nine entries each. */
async function writeLog(): Promise<void> {
  await emptyTables(app.database.dataSource, 'device_user_audit_log', 'audit_blocks', 'audit_chain_heads');
  await writeMore();
}

async function writeMore(): Promise<void> {
  const audit = app.get(DeviceUserAuditService);
  for (let block = 0; block < 12; block += 1) {
    const deviceId = [undefined, '1', '2'][block % 3];
    const entries = Array.from({ length: 1 + ((block * 7) % 9) }, (_, i) => anEntry(deviceId, block * 100 + i));
    await app.database.dataSource.transaction((tx) => audit.logOperations(tx, entries));
  }
}

/** Tampers, checks, and takes the tampering back. */
async function verifyAfter(
  tamper: Tamper,
  pick: (limit: number) => number,
  kept: readonly StreamEnd[] = [],
): Promise<ChainReport | undefined> {
  const undo = new Error('take it back');
  let report: ChainReport | undefined;
  await withoutTriggers(app.database.dataSource, async (tx) => {
    if (!(await tamper(tx, pick))) return;
    report = await chain.check(tx, { kept });
    throw undo;
  }).catch((error: unknown) => {
    if (error !== undo) throw error;
  });
  return report;
}

describe('the hash chain', () => {
  it('is intact over every stream, whatever was written, also while entries are being written', async () => {
    await writeLog();
    const audit = app.get(DeviceUserAuditService);
    const writing = Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        app.database.dataSource.transaction((tx) => audit.logOperation(tx, anEntry(String(1 + (i % 2)), i))),
      ),
    );
    const during = await chain.verify();
    await writing;
    const after = await chain.verify();
    expect(during).toMatchObject({ intact: true, defects: [] });
    expect(after).toMatchObject({ intact: true, defects: [] });
    const [{ count }] = await app.database.dataSource.query<{ count: string }[]>(
      'select count(*) from device_user_audit_log',
    );
    expect(after.entries).toBe(Number(count));
    expect(after.heads.map(({ stream }) => stream)).toEqual(['admin', 'device:1', 'device:2']);
  });

  it('names the first bad block of a stream, and what is wrong with it', async () => {
    await writeLog();
    const third = await verifyAfter(
      async (tx) => {
        await tx.query(
          `delete from device_user_audit_log where id in
             (select entry_ids[1] from audit_blocks where stream = 'device:1' and block_number in (3, 4))`,
        );
        return true;
      },
      () => 0,
    );
    expect(third).toMatchObject({ intact: false });
    expect(third?.defects[0]).toMatchObject({
      stream: 'device:1',
      block: '3',
      reason: expect.stringContaining('entries are missing'),
    });
  });

  it('finds each of 1,000 random tampers made as superuser', async () => {
    await writeLog();
    const names = Object.keys(TAMPERS);
    const found = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.infiniteStream(fc.nat()), async (name, numbers) => {
        const report = await verifyAfter(TAMPERS[name], (limit) => Number(numbers.next().value) % limit);
        fc.pre(report !== undefined);
        expect(report?.intact).toBe(false);
        expect(report?.defects.length).toBeGreaterThan(0);
        found.set(name, (found.get(name) ?? 0) + 1);
      }),
      { numRuns: 1_000 },
    );
    expect([...found.keys()].toSorted()).toEqual(names.toSorted());
    expect(await chain.verify()).toMatchObject({ intact: true });
  });

  it('shows by kept heads what was rewritten with every digest computed anew, or cut off at the end', async () => {
    await writeLog();
    const { heads: kept } = await chain.verify();
    await writeMore();
    expect(await chain.verify({ kept })).toMatchObject({ intact: true });
    /** As a superuser who knows the chain: a stream is written anew, and some of it is left out. */
    const rewrite = async (tx: EntityManager, what: string): Promise<boolean> => {
      await tx.query(`create temporary table copy on commit drop as
        select * from device_user_audit_log where device_id = 1 and ${what} order by id`);
      await tx.query('delete from device_user_audit_log where device_id = 1');
      await tx.query(`delete from audit_blocks where stream = 'device:1'`);
      await tx.query(`delete from audit_chain_heads where stream = 'device:1'`);
      await tx.query('set local session_replication_role = origin'); // the log's own trigger seals it
      await tx.query('insert into device_user_audit_log overriding system value select * from copy');
      return true;
    };
    for (const what of [`device_user_id <> '100'`, `"timestamp" < clock_timestamp()`]) {
      const unaware = await verifyAfter(
        (tx) => rewrite(tx, what),
        () => 0,
      );
      expect(unaware).toMatchObject({ intact: true });
      const aware = await verifyAfter(
        (tx) => rewrite(tx, what),
        () => 0,
        kept,
      );
      expect(aware?.defects).toEqual([
        expect.objectContaining({ stream: 'device:1', reason: expect.stringContaining('rewritten') }),
      ]);
    }
  });

  it('cannot be written, changed or cut without its triggers noticing', async () => {
    await writeLog();
    const { dataSource } = app.database;
    for (const statement of [
      'update device_user_audit_log set performed_by = performed_by',
      'delete from device_user_audit_log',
      'update audit_blocks set hash = hash',
      'delete from audit_blocks',
      'truncate audit_blocks',
      'delete from audit_chain_heads',
    ]) {
      await expect(dataSource.query(statement)).rejects.toThrow(/append-only/);
    }
    expect(await chain.verify()).toMatchObject({ intact: true });
  });
});
