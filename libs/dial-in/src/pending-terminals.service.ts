import { type Visitor } from '@app/device-gateway';
import { type Device, DeviceAlreadyRegisteredError, DevicesService } from '@app/devices';
import { type Actor, Clock } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { PendingTerminal } from './dial-in.entities.js';
import { PendingTerminalNotFoundError } from './dial-in.errors.js';
import { siteNetworkOf } from '@app/device-gateway';
import { storable, storableName } from './storable.js';

/** Whoever invents serial numbers must not fill the database: of more, those seen longest ago are forgotten. */
const MOST_PENDING = 200;
/** New serial numbers from one address within the time below: more than a delivery of terminals. */
const MOST_NEW_PER_ADDRESS = 30;
const NEW_WITHIN_MS = 10 * 60_000;

/** What an administrator tells when taking in a terminal. */
export interface Adoption {
  readonly name: string;
  readonly timeZone?: string;
  readonly isDemo?: boolean;
}

/** Terminals that dial in and that nobody has registered yet. */
@Injectable()
export class PendingTerminalsService {
  private readonly logger = new Logger(PendingTerminalsService.name);
  private readonly newcomers = new Map<string, { sinceMs: number; serials: Set<string> }>();

  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(PendingTerminal) private readonly pending: Repository<PendingTerminal>,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
  ) {}

  /** Notes that it dialled in. False: its address has shown too many serial numbers, and it was not noted. */
  async note(visitor: Visitor): Promise<boolean> {
    if (!this.isPlausible(visitor)) return false;
    const { serialNumber, address, model, firmware, fingerprintAlgorithm, mac, counters, capacity } = visitor;
    const texts = [model, firmware, fingerprintAlgorithm, mac].map((text) =>
      text === undefined ? null : storableName(text),
    );
    const [{ is_new: isNew }] = await this.pending.query<{ is_new: boolean }[]>(
      `insert into pending_terminals (serial_number, address, model, firmware, fingerprint_algorithm, mac, counters, capacity)
       values ($1, $2, $3, $4, $5, $6, $7, $8)
       on conflict (serial_number) do update
          set address = excluded.address, model = excluded.model, firmware = excluded.firmware, mac = excluded.mac,
              fingerprint_algorithm = excluded.fingerprint_algorithm, counters = excluded.counters,
              capacity = excluded.capacity, last_seen_at = clock_timestamp()
       returning xmax = 0 as is_new`,
      [serialNumber, address, ...texts, storable(counters), storable(capacity)],
    );
    if (isNew) {
      this.logger.warn({
        msg: 'an unknown terminal dials in; it is not read before an administrator adopts it',
        serial_number: serialNumber,
        address,
        model: texts[0],
        firmware: texts[1],
        next: `holdfast device adopt ${serialNumber} --name "…"`,
      });
      await this.pending.query(
        `delete from pending_terminals where serial_number in
           (select serial_number from pending_terminals order by last_seen_at desc offset $1)`,
        [MOST_PENDING],
      );
    }
    return true;
  }

  /** Forgets one that has been registered. */
  async forget(serialNumber: string): Promise<void> {
    await this.pending.delete({ serialNumber });
  }

  /** Those that wait, the latest to have dialled in first. */
  async list(): Promise<PendingTerminal[]> {
    // One that knocked in the very moment of its adoption may have been noted once more.
    return this.pending
      .createQueryBuilder('terminal')
      .where('not exists (select 1 from devices d where d.serial_number = terminal.serial_number)')
      .orderBy('terminal.lastSeenAt', 'DESC')
      .addOrderBy('terminal.serialNumber', 'ASC')
      .getMany();
  }

  /**
   * Registers a terminal that waits; from now on it must dial in from the network that it is in. It is admitted when it
   * next registers, within seconds.
   * @throws {PendingTerminalNotFoundError} none with this serial number waits
   * @throws {DeviceAlreadyRegisteredError} a device with it is registered
   */
  async adopt(serialNumber: string, adoption: Adoption, actor: Actor): Promise<Device> {
    const terminal = (await this.list()).find((each) => each.serialNumber === serialNumber);
    if (!terminal) {
      const known = await this.devices.findBySerialNumber(serialNumber);
      if (known) throw new DeviceAlreadyRegisteredError(`The terminal with serial number ${serialNumber}`, known);
      throw new PendingTerminalNotFoundError(serialNumber);
    }
    const { model, firmware, address } = terminal;
    const identity = { serialNumber, model: model ?? undefined, firmware: firmware ?? undefined };
    return this.dataSource.transaction(async (tx) => {
      const device = await this.devices.registerDialIn(
        tx,
        { ...adoption, identity, network: siteNetworkOf(address) },
        actor,
      );
      await tx.delete(PendingTerminal, { serialNumber });
      return device;
    });
  }

  private isPlausible({ address, serialNumber }: Visitor): boolean {
    const now = this.clock.monotonicMs();
    for (const [key, { sinceMs }] of this.newcomers) if (now - sinceMs > NEW_WITHIN_MS) this.newcomers.delete(key);
    const shown = this.newcomers.get(address) ?? { sinceMs: now, serials: new Set<string>() };
    this.newcomers.set(address, shown);
    if (shown.serials.size < MOST_NEW_PER_ADDRESS) shown.serials.add(serialNumber);
    return shown.serials.has(serialNumber);
  }
}
