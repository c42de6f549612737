import { createHash } from 'node:crypto';
import { openServices } from './database.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const ENTRIES = 10_000;
const VERIFIED = 200_000;
const ROUNDS = 3;

/** 10,000 audit entries of one run, sealed in blocks, against a chain row by row; and how fast the log is verified. */
export async function run() {
  const services = await openServices();
  const { AuditChain, DeviceUserAuditService } = await library('audit');
  const { systemActor } = await library('kernel');
  const { DataSource } = load('typeorm');
  const dataSource = services.get(DataSource);
  const audit = services.get(DeviceUserAuditService);
  const entries = Array.from({ length: ENTRIES }, (_, i) => ({
    operation: 'user_discovered',
    deviceId: '1',
    deviceUserId: String(i),
    deviceUserName: `Name ${i}`,
    performedBy: systemActor,
    serviceName: 'bench',
    details: { sync_run_id: '1', seen_at: '2026-01-31T00:00:00.000Z' },
  }));
  const write = async (deviceId) => {
    const own = entries.map((entry) => ({ ...entry, deviceId }));
    const startedAt = performance.now();
    await dataSource.transaction((tx) => audit.logOperations(tx, own));
    return performance.now() - startedAt;
  };
  let inBlocks = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round += 1) inBlocks = Math.min(inBlocks, await write(String(round + 1)));
  const singles = await writeSingles(dataSource, audit, entries);
  const rowByRow = await writeRowByRow(dataSource, entries);
  for (let written = (ROUNDS + 2) * ENTRIES; written < VERIFIED; written += ENTRIES) await write(String(written));
  await dataSource.query('vacuum analyze device_user_audit_log');
  let rate = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    const report = await services.get(AuditChain).verify();
    if (!report.intact) throw new Error('the log should be intact');
    rate = Math.max(rate, (report.entries * 1000) / (performance.now() - startedAt));
  }
  const single = await verifySingles(dataSource, services.get(AuditChain), audit, entries);
  printTable(
    `${ENTRIES} audit entries in one transaction (goals: ≥ 10 × a per-row chain; verify ≥ 100,000 entries/s)`,
    [
      'in blocks',
      'a block per entry',
      '÷ in blocks',
      'chained by the program',
      '÷ in blocks',
      'verify',
      'verify, a block per entry',
    ],
    [
      [
        ms(inBlocks),
        ms(singles),
        times(singles / inBlocks),
        ms(rowByRow),
        times(rowByRow / inBlocks),
        `${Math.round(rate)} /s`,
        `${Math.round(single)} /s`,
      ],
    ],
  );
  await services.close();
}

/** A chain per entry by our own triggers: one statement and one block each. */
async function writeSingles(dataSource, audit, entries) {
  const startedAt = performance.now();
  await dataSource.transaction(async (tx) => {
    for (const entry of entries) await audit.logOperation(tx, { ...entry, deviceId: '99' });
  });
  return performance.now() - startedAt;
}

/** The least that a chain per entry can cost: the program keeps the hash, the table has the same columns and indexes. */
async function writeRowByRow(dataSource, entries) {
  await dataSource.query('create table chained (like device_user_audit_log including all, hash bytea not null)');
  const startedAt = performance.now();
  await dataSource.transaction(async (tx) => {
    let hash = Buffer.alloc(32);
    for (const entry of entries) {
      const { operation, deviceId, deviceUserId, deviceUserName, performedBy, serviceName } = entry;
      const details = JSON.stringify(entry.details);
      hash = createHash('sha256').update(hash).update(JSON.stringify(entry)).digest();
      await tx.query(
        `insert into chained (operation_type, device_id, device_user_id, device_user_name, performed_by, service_name, details, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
        [operation, deviceId, deviceUserId, deviceUserName, performedBy.name, serviceName, details, hash],
      );
    }
  });
  return performance.now() - startedAt;
}

/** The worst log: blocks of one entry each, as leases write them. */
async function verifySingles(dataSource, chain, audit, entries) {
  await dataSource.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica');
    await tx.query('truncate device_user_audit_log, audit_blocks, audit_chain_heads');
  });
  for (let round = 0; round < ROUNDS; round += 1) await writeSingles(dataSource, audit, entries);
  const startedAt = performance.now();
  const report = await chain.verify();
  if (!report.intact) throw new Error('the log should be intact');
  return (report.entries * 1000) / (performance.now() - startedAt);
}
