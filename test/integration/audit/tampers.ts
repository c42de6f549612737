import { type EntityManager } from 'typeorm';

/** What a superuser can do who does not compute the chain anew. Gives whether it changed anything. */
export type Tamper = (tx: EntityManager, pick: (limit: number) => number) => Promise<boolean>;

async function anyId(tx: EntityManager, pick: (limit: number) => number): Promise<string> {
  const rows = await tx.query<{ id: string }[]>('select id from device_user_audit_log order by id');
  return rows[pick(rows.length)].id;
}

async function anyBlock(
  tx: EntityManager,
  pick: (limit: number) => number,
): Promise<{ stream: string; block_number: string }> {
  const rows = await tx.query<{ stream: string; block_number: string }[]>(
    'select stream, block_number from audit_blocks order by stream, block_number',
  );
  return rows[pick(rows.length)];
}

const EDITS = [
  `operation_type = 'user_buffered'`,
  `device_id = coalesce(device_id, 0) + 1`,
  `device_user_id = device_user_id || '0'`,
  `device_user_name = coalesce(device_user_name || ' ', '')`,
  `performed_by = 'somebody'`,
  `service_name = upper(service_name)`,
  `details = details || '{"number": -1}'`,
  `"timestamp" = "timestamp" + interval '1 microsecond'`,
];

/** Every way of tampering, by its name. */
export const TAMPERS: Record<string, Tamper> = {
  async edit(tx, pick) {
    const id = await anyId(tx, pick);
    await tx.query(`update device_user_audit_log set ${EDITS[pick(EDITS.length)]} where id = $1`, [id]);
    return true;
  },
  async delete(tx, pick) {
    await tx.query('delete from device_user_audit_log where id = $1', [await anyId(tx, pick)]);
    return true;
  },
  async insert(tx, pick) {
    await tx.query(
      `insert into device_user_audit_log (operation_type, device_id, performed_by, service_name, "timestamp")
       select operation_type, device_id, performed_by, service_name, "timestamp" from device_user_audit_log where id = $1`,
      [await anyId(tx, pick)],
    );
    return true;
  },
  async swap(tx, pick) {
    const [one, other] = [await anyId(tx, pick), await anyId(tx, pick)];
    await tx.query(
      `update device_user_audit_log a set device_user_id = b.device_user_id, details = b.details
         from device_user_audit_log b where (a.id, b.id) in (($1, $2), ($2, $1))`,
      [one, other],
    );
    return one !== other;
  },
  async 'swap blocks'(tx, pick) {
    const [one, other] = [await anyBlock(tx, pick), await anyBlock(tx, pick)];
    await tx.query(
      `update audit_blocks a set entry_ids = b.entry_ids, entries_digest = b.entries_digest, hash = b.hash from audit_blocks b
        where (a.stream, a.block_number, b.stream, b.block_number)
              in (($1, $2::bigint, $3, $4::bigint), ($3, $4, $1, $2))`,
      [one.stream, one.block_number, other.stream, other.block_number],
    );
    return one.stream !== other.stream || one.block_number !== other.block_number;
  },
  async 'cut inside'(tx, pick) {
    const { stream, block_number: number } = await anyBlock(tx, pick);
    const [{ entry_ids: ids }] = await tx.query<{ entry_ids: string[] }[]>(
      'select entry_ids from audit_blocks where stream = $1 and block_number = $2',
      [stream, number],
    );
    await tx.query('delete from device_user_audit_log where id = any($1)', [ids]);
    await tx.query('delete from audit_blocks where stream = $1 and block_number = $2', [stream, number]);
    // Half of the times the rest is moved up, so that no number is missing.
    if (pick(2) === 0) {
      await tx.query(
        'update audit_blocks set block_number = -block_number where stream = $1 and block_number > $2::bigint',
        [stream, number],
      );
      await tx.query(
        'update audit_blocks set block_number = -block_number - 1 where stream = $1 and block_number < 0',
        [stream],
      );
    }
    return true;
  },
  async replay(tx, pick) {
    const { stream, block_number: number } = await anyBlock(tx, pick);
    await tx.query(
      `insert into audit_blocks
       select stream, (select max(block_number) + 1 from audit_blocks where stream = $1), previous_hash, entry_ids, entries_digest, hash
         from audit_blocks where stream = $1 and block_number = $2`,
      [stream, number],
    );
    return true;
  },
  async 'edit a block'(tx, pick) {
    const { stream, block_number: number } = await anyBlock(tx, pick);
    const change = [
      'previous_hash = sha256(previous_hash)',
      `entry_ids = entry_ids || entry_ids[1]`,
      `entry_ids = entry_ids[2:]`,
      'entries_digest = sha256(entries_digest)',
      'hash = sha256(hash)',
    ];
    await tx.query(`update audit_blocks set ${change[pick(change.length)]} where stream = $1 and block_number = $2`, [
      stream,
      number,
    ]);
    return true;
  },
  async head(tx, pick) {
    const { stream } = await anyBlock(tx, pick);
    const change = [
      'block_number = block_number + 1',
      'entry_count = entry_count - 1',
      'previous_hash = sha256(previous_hash)',
      'entries_digest = sha256(entries_digest)',
      'hash = sha256(hash)',
    ];
    await tx.query(`update audit_chain_heads set ${change[pick(change.length)]} where stream = $1`, [stream]);
    return true;
  },
  async 'drop a stream'(tx, pick) {
    const { stream } = await anyBlock(tx, pick);
    await tx.query('delete from audit_chain_heads where stream = $1', [stream]);
    if (pick(2) === 0) await tx.query('delete from audit_blocks where stream = $1', [stream]);
    return true;
  },
};
