import { DeviceUserAuditService } from '@app/audit';
import { AppConfig } from '@app/config';
import { sqlState, SqlState, type Tx } from '@app/database';
import {
  type AddressDriver,
  type AddressTarget,
  type DeviceIdentity,
  type DeviceTarget,
  type NameEncoding,
  parseDeviceAddress,
  type Transport,
} from '@app/device-gateway';
import { type Actor, formatWallTime, type WallTime, wallTimeToDate } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { Device } from './device.entity.js';
import { DeviceAlreadyRegisteredError, DeviceNotFoundError, DialsInError } from './devices.errors.js';
import { requireSound } from './require-sound.js';
import { slugFor } from './slug.js';
import { type LockedDevices, TerminalAccess } from './terminal-access.js';

/** What an administrator tells about a terminal. */
export interface NewDevice {
  readonly name: string;
  /** `host` or `host:port` */
  readonly address: string;
  readonly driver: AddressDriver;
  readonly transport: Transport;
  readonly encoding: NameEncoding;
  /** 0: none */
  readonly commKey: number;
  readonly timeZone?: string;
  readonly isDemo?: boolean;
}

/** A terminal that dials in and that an administrator takes in. */
export interface NewDialInDevice {
  readonly name: string;
  readonly identity: DeviceIdentity;
  readonly timeZone?: string;
  /** The network that it must dial in from; undefined: any. */
  readonly network?: string;
  readonly isDemo?: boolean;
}

/** What can be changed of a device; undefined: as it is. */
export type DeviceChange = Partial<Pick<Device, 'name' | 'enabled' | 'realtime' | 'timeZone' | 'network'>> &
  ReachChange;

/** How a terminal is reached from now on; it is asked first whether it is the registered one. */
export interface ReachChange {
  /** `host` or `host:port` */
  readonly address?: string;
  readonly driver?: AddressDriver;
  readonly transport?: Transport;
  readonly encoding?: NameEncoding;
  /** 0: none */
  readonly commKey?: number;
}

/** What a device is registered with, however it is reached. */
type Registration = Pick<Device, 'name' | 'driver' | 'host' | 'port' | 'transport' | 'encoding'> &
  Partial<Pick<Device, 'timeZone' | 'network' | 'commKeyEncrypted' | 'isDemo' | 'realtime'>>;

/** A device just registered, with what it said of itself. */
export interface AddedDevice {
  readonly device: Device;
  readonly userCount: number;
  readonly deviceTime: WallTime;
}

/** The registry of terminals: who they are and how to reach them. */
@Injectable()
export class DevicesService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Device) private readonly devices: Repository<Device>,
    private readonly access: TerminalAccess,
    private readonly audit: DeviceUserAuditService,
    private readonly config: AppConfig,
  ) {}

  /**
   * Asks the terminal who it is and registers it. Nothing is stored unless it answered.
   * @throws {DeviceError} the terminal could not be reached or did not prove what it is
   * @throws {DeviceAlreadyRegisteredError} its address or its serial number is registered
   * @throws {SecretKeyError} it has a comm key, and the key file here is not the one that others were closed with
   */
  async add(wanted: NewDevice, actor: Actor): Promise<AddedDevice> {
    requireSound(wanted);
    const target: AddressTarget = { ...wanted, ...parseDeviceAddress(wanted.address) };
    await this.refuseKnownAddress(target);
    const { identity, userCount, ...clock } = await this.access.introduce(target);
    await this.refuseKnownSerial(identity);
    const { driver, host, port, transport, encoding } = target;
    const commKeyEncrypted = await this.access.closeCommKey(wanted.commKey);
    const { name, timeZone, isDemo } = wanted;
    const reach = { driver, host, port, transport, encoding, commKeyEncrypted };
    const device = await this.dataSource.transaction(async (tx) => {
      const registered = await this.register(tx, { name, timeZone, isDemo, ...reach }, identity, actor);
      await this.recordClock(tx, registered, { wallTime: clock.deviceTime, askedAt: clock.askedAt });
      return tx.findOneByOrFail(Device, { id: registered.id });
    });
    return { device, userCount, deviceTime: clock.deviceTime };
  }

  /**
   * Registers a terminal that dials in, in the caller's transaction. Its events are listened to, since it tells them
   * anyway.
   * @throws {DeviceAlreadyRegisteredError} its serial number is registered
   */
  async registerDialIn(tx: Tx, wanted: NewDialInDevice, actor: Actor): Promise<Device> {
    requireSound(wanted);
    const { identity, ...rest } = wanted;
    await this.refuseKnownSerial(identity);
    const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', encoding: 'utf-8' } as const;
    return this.register(tx, { ...rest, ...reach, realtime: true }, identity, actor);
  }

  /** Every device, oldest first. */
  async list(): Promise<Device[]> {
    return this.devices.find({ order: { id: 'ASC' } });
  }

  /** The devices that schedules read, oldest first. */
  async listEnabled(): Promise<Device[]> {
    return this.devices.find({ where: { enabled: true }, order: { id: 'ASC' } });
  }

  /** @throws {DeviceNotFoundError} no device has this id */
  async get(id: string): Promise<Device> {
    const device = await this.devices.findOne({ where: { id } });
    if (!device) throw new DeviceNotFoundError(id);
    return device;
  }

  /** The device with this serial number, if it is registered. */
  async findBySerialNumber(serialNumber: string): Promise<Device | null> {
    return this.devices.findOne({ where: { serialNumber } });
  }

  /**
   * Finds a device as people name it: by id, short name, or name in any case.
   * @throws {DeviceNotFoundError} none or more than one fits
   */
  async resolve(wanted: string): Promise<Device> {
    const all = await this.list();
    const name = wanted.trim().toLowerCase();
    const exact = all.find(({ id, slug }) => id === name || slug === name);
    const named = all.filter((device) => device.name.toLowerCase() === name);
    const found = exact ?? (named.length === 1 ? named[0] : undefined);
    if (!found) throw new DeviceNotFoundError(wanted);
    return found;
  }

  /**
   * Changes what an administrator may change; audited with the values, a comm key as a flag. A terminal that is to be
   * reached in another way is asked first who it is: only the registered one is taken.
   * @throws {DeviceNotFoundError} no device has this id
   * @throws {UnknownTimeZoneError} the zone is not one that the calendar knows
   * @throws {BadNetworkError} the network is none
   * @throws {DeviceAlreadyRegisteredError} another one has its address now
   * @throws {DialsInError} it has no address @throws {DeviceError} it does not answer there, or is another one
   */
  async change(id: string, { address, commKey, ...change }: DeviceChange, actor: Actor): Promise<Device> {
    requireSound(change);
    const device = await this.get(id);
    const reach = await this.reachAnew(device, { address, commKey, ...change });
    const wanted = Object.fromEntries(
      Object.entries({ ...change, ...reach }).filter(([, value]) => value !== undefined),
    ) as Partial<Device>;
    if (Object.keys(wanted).length === 0) return device;
    await this.dataSource.transaction(async (tx) => {
      await this.update(tx, device, wanted);
      const { commKeyEncrypted, ...told } = wanted;
      const hasCommKey = commKeyEncrypted === undefined ? {} : { has_comm_key: commKeyEncrypted !== null };
      await this.audit.logOperation(tx, {
        operation: 'device_changed',
        deviceId: id,
        performedBy: actor,
        serviceName: 'devices',
        details: { ...told, ...hasCommKey },
      });
    });
    return this.get(id);
  }

  /** How to reach a registered device; its serial number is pinned. */
  async targetOf(device: Device): Promise<DeviceTarget> {
    const { driver, host, port, transport, encoding, serialNumber } = device;
    if (driver === 'aiface' || transport === 'websocket' || host === null || port === null) {
      return {
        driver: 'aiface',
        serialNumber: serialNumber ?? '',
        weakerProof: this.config.aifaceProof === 'equal-lists',
      };
    }
    const commKey = await this.access.openCommKey(device);
    return { driver, host, port, transport, encoding, commKey, expectedSerialNumber: serialNumber ?? undefined };
  }

  /** Notes a complete read, in the run's own transaction; the terminal proved to be the registered one. */
  async recordCompleteRead(tx: Tx, deviceId: string, runId: string, readAt: Date): Promise<void> {
    await tx.query(
      `update devices set last_sync_at = greatest(last_sync_at, $2), last_run_id = $3, updated_at = clock_timestamp(),
              quarantined_at = null, found_serial_number = null
        where id = $1`,
      [deviceId, readAt, runId],
    );
  }

  /** The zone that a device's clock is taken to be in: its own, else that of the site. */
  timeZoneOf({ timeZone }: Device): string {
    return timeZone ?? this.config.timeZone;
  }

  /**
   * Measures and notes by how many seconds a terminal's clock is ahead of ours; undefined when it shows a day that no
   * calendar has. Nothing is set right: that is for people to decide.
   */
  async recordClock(
    tx: Tx,
    device: Device,
    reading: { readonly wallTime: WallTime; readonly askedAt: Date },
  ): Promise<number | undefined> {
    const { wallTime, askedAt } = reading;
    if (!wallTimeToDate(wallTime)) return undefined;
    const [rows] = await tx.query<[{ clock_drift_seconds: number }[], number]>(
      `update devices set clock_checked_at = $3::timestamptz,
              clock_drift_seconds = round(extract(epoch from ($1::timestamp at time zone $2) - $3::timestamptz))
        where id = $4 returning clock_drift_seconds`,
      [formatWallTime(wallTime), this.timeZoneOf(device), askedAt, device.id],
    );
    return rows[0]?.clock_drift_seconds;
  }

  /** Notes what a terminal runs now; only of terminals that tell it unasked. */
  async recordFirmware(tx: Tx, deviceId: string, firmware: string): Promise<void> {
    await tx.update(Device, { id: deviceId }, { firmware });
  }

  /** Moves a demo terminal to the port that it got this time, wakes it, or rests it when it is not running. */
  async updateDemo(deviceId: string, state: { readonly port: number } | 'awake' | 'resting'): Promise<void> {
    const change = typeof state === 'string' ? { enabled: state === 'awake' } : { enabled: true, port: state.port };
    await this.devices.update({ id: deviceId, isDemo: true }, change);
  }

  /** The devices whose comm key was closed with another key file than this server has; undefined: none. */
  async findLocked(): Promise<LockedDevices | undefined> {
    return this.access.findLocked();
  }

  /** The columns of a new way to a terminal, once the registered one answered there; empty: no new way is wanted. */
  private async reachAnew(device: Device, wanted: ReachChange): Promise<Partial<Device>> {
    const { address, driver, transport, encoding, commKey } = wanted;
    if ([address, driver, transport, encoding, commKey].every((value) => value === undefined)) return {};
    const known = await this.targetOf(device);
    if (known.driver === 'aiface') throw new DialsInError(device.name);
    const target: AddressTarget = {
      ...known,
      ...(address === undefined ? {} : parseDeviceAddress(address)),
      driver: driver ?? known.driver,
      transport: transport ?? known.transport,
      encoding: encoding ?? known.encoding,
      commKey: commKey ?? known.commKey,
    };
    await this.access.introduce(target);
    const { host, port } = target;
    const closed = commKey === undefined ? {} : { commKeyEncrypted: await this.access.closeCommKey(commKey) };
    return { host, port, driver, transport, encoding, ...closed };
  }

  private async update(tx: Tx, device: Device, wanted: Partial<Device>): Promise<void> {
    try {
      await tx.update(Device, { id: device.id }, wanted);
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      const { host, port, transport } = { ...device, ...wanted };
      if (host === null || port === null) throw error;
      const rival = await this.devices.findOneByOrFail({ host, port, transport, enabled: true });
      throw DeviceAlreadyRegisteredError.forAddress({ host, port }, rival);
    }
  }

  private async refuseKnownAddress({ host, port, transport }: AddressTarget): Promise<void> {
    const known = await this.devices.findOne({ where: { host, port, transport, enabled: true } });
    if (known) throw DeviceAlreadyRegisteredError.forAddress({ host, port }, known);
  }

  private async refuseKnownSerial({ serialNumber }: DeviceIdentity): Promise<void> {
    const known = await this.findBySerialNumber(serialNumber);
    if (known) throw new DeviceAlreadyRegisteredError(`The terminal with serial number ${serialNumber}`, known);
  }

  private async register(tx: Tx, wanted: Registration, identity: DeviceIdentity, actor: Actor): Promise<Device> {
    const { serialNumber, model, platform, firmware } = identity;
    try {
      const slugs = await tx.find(Device, { select: { slug: true } });
      const device = await tx.save(Device, {
        ...wanted,
        name: wanted.name.trim(),
        slug: slugFor(wanted.name, serialNumber, new Set(slugs.map(({ slug }) => slug))),
        serialNumber,
        model: model ?? null,
        platform: platform ?? null,
        firmware: firmware ?? null,
      });
      const { name, host, port } = device;
      await this.audit.logOperation(tx, {
        operation: 'device_added',
        deviceId: device.id,
        performedBy: actor,
        serviceName: 'devices',
        details: { name, serial_number: serialNumber, host, port },
      });
      return await tx.findOneByOrFail(Device, { id: device.id });
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      const rival = await this.findBySerialNumber(serialNumber);
      throw new DeviceAlreadyRegisteredError('This terminal', rival ?? { id: '?', name: wanted.name });
    }
  }
}
