import { DeviceError, DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { AppError, Clock } from '@app/kernel';
import { deviceLockKey, type Lease, LeaseBusyError, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { type DeviceWrite } from './device-write.entity.js';
import { DEVICE_WRITER_SERVICE, DeviceWriteJournal, type Verdict } from './device-write.journal.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { WriteConsequences } from './write-consequence.js';
import { type SnapshotDepth } from './user-snapshot.js';
import { type WriteImages } from './write-request.js';
import { compare, type Finding, WriteSettlement } from './write-settlement.js';
import { type WriterSession } from './writer-session.js';
import { WriterSessions } from './writer-sessions.js';

const MOST_AT_ONCE = 250;
const HOW = 'read after restart';
const VERDICTS: Readonly<Record<Finding, Verdict>> = {
  after: { state: 'done', how: HOW },
  before: { state: 'not_done', how: HOW, errorCode: 'device-writer/interrupted' },
  between: { state: 'undetermined', how: HOW, errorCode: 'device-writer/undetermined' },
};

/** An open write with its images. */
interface OpenedWrite {
  readonly write: DeviceWrite;
  readonly images: WriteImages;
  readonly depth: SnapshotDepth;
}

/** Settles what a process that ended in the middle of a write has left open: by reading, never by writing again. */
@Injectable()
export class OpenWrites {
  private readonly logger = new Logger(OpenWrites.name);

  constructor(
    private readonly journal: DeviceWriteJournal,
    private readonly settlement: WriteSettlement,
    private readonly consequences: WriteConsequences,
    private readonly coordinator: SyncCoordinator,
    private readonly devices: DevicesService,
    private readonly gateway: DeviceGateway,
    private readonly sessions: WriterSessions,
    private readonly seal: SnapshotSeal,
    private readonly clock: Clock,
  ) {}

  /** Every device that has open writes. What cannot be settled now is logged, stays open and is tried again. */
  async settleAll(signal?: AbortSignal): Promise<void> {
    for (const id of await this.journal.findDevicesWithOpenWrites()) {
      if (signal?.aborted) return;
      const device = await this.devices.get(id);
      try {
        if (this.mayBeReachable(device)) await this.settleOpenWrites(device, signal);
      } catch (error) {
        // Somebody is at the device, and settles them if he writes.
        if (signal?.aborted || error instanceof LeaseBusyError) continue;
        this.tellStillOpen({ device_id: device.id, device: device.name }, error);
      }
    }
  }

  /** @throws {LeaseBusyError} @throws {DeviceError} the terminal cannot be read; its writes stay open */
  async settleOpenWrites(device: Device, signal?: AbortSignal): Promise<void> {
    const request = { service: DEVICE_WRITER_SERVICE, signal };
    await this.coordinator.withLease(deviceLockKey(device.id), request, async (lease) => {
      await using session = this.sessions.begin(device, lease);
      await this.settleUnder(lease, device, session);
    });
  }

  /** As settleOpenWrites, for whoever has the lease and a session. */
  async settleUnder(lease: Lease, device: Device, session: WriterSession): Promise<void> {
    const left = await this.journal.findLeftBehind(lease, device.id);
    const about = ({ id }: DeviceWrite): object => ({ device_id: device.id, device: device.name, write_id: id });
    const known = left.filter((write) => {
      if (this.consequences.find(write.purpose)) return true;
      const unknown = new Error('this process does not know its purpose');
      this.tellStillOpen({ ...about(write), purpose: write.purpose }, unknown);
      return false;
    });
    // A batch leaves hundreds of them: their images are opened, and the terminal is read, for so many at a time.
    for (let at = 0; at < known.length; at += MOST_AT_ONCE)
      await this.settleSome(lease, session, known.slice(at, at + MOST_AT_ONCE), about);
  }

  private async settleSome(
    lease: Lease,
    session: WriterSession,
    writes: readonly DeviceWrite[],
    about: (write: DeviceWrite) => object,
  ): Promise<void> {
    await lease.readyToWrite(this.clock, 0); // what the dead holder sent last may still be on its way
    const attempt = async (write: DeviceWrite, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Without its terminal none of them can be settled; anything else is about this one.
        if (lease.signal.aborted || error instanceof DeviceError) throw error;
        this.tellStillOpen(about(write), error);
      }
    };
    const opened: OpenedWrite[] = [];
    for (const write of writes) await attempt(write, async () => void opened.push(await this.open(session, write)));
    for (const depth of ['attributes', 'everything'] as const) {
      const alike = opened.filter((each) => each.depth === depth);
      if (alike.length === 0) continue;
      const ids = new Set(alike.map(({ write }) => write.deviceUserId));
      const found = await session.use((writer) => writer.readUsers(ids, depth));
      for (const { write, images } of alike) {
        await attempt(write, async () => {
          const finding = await session.use(async (writer) => compare(writer, images, found.get(write.deviceUserId)));
          await this.settlement.settle(lease, write, VERDICTS[finding]);
        });
      }
    }
  }

  /** How much was to be read of the user stands in the images: an update may be of attributes, or of everything. */
  private async open(session: WriterSession, write: DeviceWrite): Promise<OpenedWrite> {
    const [before, after] = await Promise.all([write.beforeSealed, write.afterSealed].map((each) => this.unseal(each)));
    return session.use(async (writer) => {
      const images = { before: before && writer.decode(before), after: after && writer.decode(after) };
      return { write, images, depth: (images.before ?? images.after)?.depth ?? 'everything' };
    });
  }

  /** @throws {SecretKeyError} this server has another key than the one that stored the intent, and cannot judge */
  private async unseal(sealed: string | null): Promise<Buffer | undefined> {
    return sealed === null ? undefined : this.seal.open(sealed);
  }

  /** A terminal that dials in is read by the server that it is connected to. */
  private mayBeReachable({ driver, serialNumber }: Device): boolean {
    return driver !== 'aiface' || (serialNumber !== null && this.gateway.isConnected(serialNumber));
  }

  private tellStillOpen(about: object, error: unknown): void {
    const code = error instanceof AppError ? error.code : 'device-writer/unforeseen';
    const reason = error instanceof Error ? error.message : String(error);
    this.logger.warn({
      msg: 'what became of a write could not be read yet; it is tried again',
      ...about,
      code,
      reason,
    });
  }
}
