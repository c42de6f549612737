import { type Tx } from '@app/database';

/**
 * Takes turns at the mappings of devices, until the transaction ends: the same lock that the triggers on the table take.
 * Whoever locks a person too locks the person first, and rows of mappings last, so that nobody waits in a circle.
 */
export async function takeMappingTurn(tx: Tx, deviceIds: readonly string[]): Promise<void> {
  for (const deviceId of [...new Set(deviceIds)].toSorted())
    await tx.query(`select pg_advisory_xact_lock(hashtext('mapping'), hashtext($1))`, [deviceId]);
}
