import { type AuditOperation, DeviceUserAuditService } from '@app/audit';
import { sqlState, SqlState, type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { type Actor } from '@app/kernel';
import { type Lease } from '@app/sync-coordinator';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, LessThan, type Repository } from 'typeorm';
import { DeviceWrite, type WriteState } from './device-write.entity.js';
import { WritePendingError } from './device-writer.errors.js';
import { ERASED_SNAPSHOT } from './snapshot-erasure.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { type WriteImages, type WriteRequest } from './write-request.js';

/** The name of this library in leases and in the audit log. */
export const DEVICE_WRITER_SERVICE = 'deviceWriter';

/** What a read of the terminal says of a write. */
export interface Verdict {
  readonly state: Exclude<WriteState, 'open'>;
  /** Which read it was. */
  readonly how: string;
  /** Why it is not done; undefined when it is. */
  readonly errorCode?: string;
}

/** What of a request goes into the journal. */
export type WriteIntent = Pick<WriteRequest, 'deviceUserId' | 'kind' | 'purpose' | 'purposeData' | 'reason' | 'actor'>;

/** Keeps `device_writes`, and tells the audit log of every change in the same transaction. Its times are the database's. */
@Injectable()
export class DeviceWriteJournal {
  constructor(
    @InjectRepository(DeviceWrite) private readonly writes: Repository<DeviceWrite>,
    private readonly seal: SnapshotSeal,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * The intent as it will be stored; closing the snapshots takes its time, and no transaction waits for it.
   * @throws {SecretKeyError} other servers close their snapshots with another key, and could neither settle nor undo this
   */
  async draft(device: Device, lease: Lease, intent: WriteIntent, images: WriteImages): Promise<Partial<DeviceWrite>> {
    return (await this.draftAll(device, lease, [[intent, images]]))[0];
  }

  /** As draft, of many. @throws {SecretKeyError} */
  async draftAll(
    device: Device,
    lease: Lease,
    intents: readonly (readonly [WriteIntent, WriteImages])[],
  ): Promise<Partial<DeviceWrite>[]> {
    await this.requireSharedKey();
    const drafts: Partial<DeviceWrite>[] = [];
    for (const [intent, images] of intents) drafts.push(await this.draftOne(device, lease, intent, images));
    return drafts;
  }

  /** Stores an intent. @throws {WritePendingError} the user has an open one */
  async open(tx: Tx, draft: Partial<DeviceWrite>): Promise<DeviceWrite> {
    const { identifiers } = await tx
      .createQueryBuilder()
      .insert()
      .into(DeviceWrite)
      .values(draft as object)
      .updateEntity(false)
      .returning('id')
      .execute()
      .then(({ raw }) => ({ identifiers: raw as { id: string }[] }))
      .catch((error: unknown) => {
        if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
        throw new WritePendingError(String(draft.deviceUserId), 'before this one');
      });
    const write = await tx.findOneByOrFail(DeviceWrite, { id: identifiers[0].id });
    await this.tell(tx, 'device_write_intended', write);
    return write;
  }

  /** Ends an open write; false: it was settled already, and nothing is changed. */
  async settle(tx: Tx, { id }: DeviceWrite, { state, how, errorCode }: Verdict): Promise<DeviceWrite | undefined> {
    const { affected } = await tx.update(
      DeviceWrite,
      { id, state: 'open' },
      { state, settledHow: how, settledAt: () => 'clock_timestamp()', errorCode: errorCode ?? null },
    );
    if (affected === 0) return undefined;
    const settled = await tx.findOneByOrFail(DeviceWrite, { id });
    await this.tell(tx, `device_write_${state}`, settled);
    return settled;
  }

  /** Open writes of a device whose term is over, oldest first. */
  async findLeftBehind(lease: Lease, deviceId: string): Promise<DeviceWrite[]> {
    return this.writes.find({
      where: { deviceId, state: 'open', leaseToken: LessThan(lease.token) },
      order: { id: 'ASC' },
    });
  }

  /** The devices that have open writes. */
  async findDevicesWithOpenWrites(): Promise<string[]> {
    const rows = await this.writes.query<{ device_id: string }[]>(
      `select distinct device_id from device_writes where state = 'open' order by device_id`,
    );
    return rows.map(({ device_id: id }) => id);
  }

  /** @throws {WritePendingError} */
  async refusePending(deviceId: string, deviceUserId: WriteRequest['deviceUserId']): Promise<void> {
    const pending = await this.writes.findOne({ where: { deviceId, deviceUserId, state: 'open' } });
    if (pending) throw new WritePendingError(deviceUserId, pending.id);
  }

  /** The open writes to these users. */
  async findPending(
    deviceId: string,
    ids: readonly WriteRequest['deviceUserId'][],
  ): Promise<ReadonlyMap<WriteRequest['deviceUserId'], DeviceWrite>> {
    const pending = await this.writes.find({ where: { deviceId, deviceUserId: In([...ids]), state: 'open' } });
    return new Map(pending.map((write) => [write.deviceUserId, write]));
  }

  private async draftOne(
    device: Device,
    lease: Lease,
    request: WriteIntent,
    { before, after }: WriteImages,
  ): Promise<Partial<DeviceWrite>> {
    return {
      deviceId: device.id,
      deviceUserId: request.deviceUserId,
      deviceUserName: (before ?? after)?.user.details?.name ?? null,
      kind: request.kind,
      purpose: request.purpose,
      purposeData: request.purposeData ?? {},
      reason: request.reason ?? null,
      requestedBy: request.actor.name,
      requestedRole: request.actor.kind,
      beforeSealed: await this.seal.close(before),
      afterSealed: await this.seal.close(after),
      beforeDigest: await this.seal.digest(before),
      afterDigest: await this.seal.digest(after),
      leaseToken: lease.token,
    };
  }

  /** Of the last month only, so that a key that was lost for good does not end all writing for ever. */
  private async requireSharedKey(): Promise<void> {
    const [newest] = await this.writes.query<{ sealed: string }[]>(
      `select coalesce(before_sealed, after_sealed) as sealed from device_writes
        where opened_at > clock_timestamp() - interval '30 days' and coalesce(before_sealed, after_sealed) <> $1
        order by id desc limit 1`,
      [ERASED_SNAPSHOT],
    );
    if (newest) await this.seal.open(newest.sealed);
  }

  private async tell(tx: Tx, operation: AuditOperation, write: DeviceWrite): Promise<void> {
    await this.audit.logOperation(tx, {
      operation,
      deviceId: write.deviceId,
      deviceUserId: write.deviceUserId,
      deviceUserName: write.deviceUserName,
      performedBy: actorOf(write),
      serviceName: DEVICE_WRITER_SERVICE,
      details: {
        write_id: write.id,
        kind: write.kind,
        purpose: write.purpose,
        purpose_data: write.purposeData,
        reason: write.reason,
        role: write.requestedRole,
        before_digest: write.beforeDigest,
        after_digest: write.afterDigest,
        fencing_token: write.leaseToken,
        ...(write.state === 'open' ? {} : { settled_how: write.settledHow, error_code: write.errorCode }),
      },
    });
  }
}

/** Whoever asked for a write. */
export function actorOf({ requestedRole: kind, requestedBy: name }: DeviceWrite): Actor {
  return { kind, name };
}
