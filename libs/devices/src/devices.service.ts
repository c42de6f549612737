import { DeviceUserAuditService } from '@app/audit';
import { AppConfig } from '@app/config';
import { sqlState, SqlState, type Tx } from '@app/database';
import {
  DeviceGateway,
  type DeviceIdentity,
  type DeviceTarget,
  type DriverName,
  type NameEncoding,
  parseDeviceAddress,
  type Transport,
} from '@app/device-gateway';
import { type Actor, formatWallTime, type WallTime, wallTimeToDate } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isTimeZone } from 'class-validator';
import { DataSource, IsNull, Not, type Repository } from 'typeorm';
import { CommKeyVault } from './comm-key.vault.js';
import { Device } from './device.entity.js';
import {
  DeviceAlreadyRegisteredError,
  DeviceNotFoundError,
  SecretKeyError,
  UnknownTimeZoneError,
} from './devices.errors.js';
import { slugFor } from './slug.js';

/** What an administrator tells about a terminal. */
export interface NewDevice {
  readonly name: string;
  /** `host` or `host:port` */
  readonly address: string;
  readonly driver: DriverName;
  readonly transport: Transport;
  readonly encoding: NameEncoding;
  /** 0: none */
  readonly commKey: number;
  readonly timeZone?: string;
  readonly isDemo?: boolean;
}

/** What can be changed of a device; undefined: as it is. */
export type DeviceChange = Partial<Pick<Device, 'name' | 'enabled' | 'realtime' | 'timeZone'>>;

/** A device just registered, with what it said of itself. */
export interface AddedDevice {
  readonly device: Device;
  readonly userCount: number;
  readonly deviceTime: WallTime;
}

/** Devices whose comm key this server cannot open. */
export interface LockedDevices {
  readonly devices: readonly Device[];
  readonly reason: SecretKeyError;
}

/** The registry of terminals: who they are and how to reach them. */
@Injectable()
export class DevicesService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Device) private readonly devices: Repository<Device>,
    private readonly gateway: DeviceGateway,
    private readonly vault: CommKeyVault,
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
    const target: DeviceTarget = { ...wanted, ...parseDeviceAddress(wanted.address) };
    await this.refuseKnownAddress(target);
    const { identity, userCount, deviceTime } = await this.introduce(target);
    const device = await this.register(wanted, target, identity, actor);
    return { device, userCount, deviceTime };
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
   * Changes what an administrator may change; audited with the values.
   * @throws {DeviceNotFoundError} no device has this id
   * @throws {UnknownTimeZoneError} the zone is not one that the calendar knows
   * @throws {DeviceAlreadyRegisteredError} it is to be switched on, and another one has its address now
   */
  async change(id: string, change: DeviceChange, actor: Actor): Promise<Device> {
    if (change.timeZone && !isTimeZone(change.timeZone)) throw new UnknownTimeZoneError(change.timeZone);
    await this.dataSource.transaction(async (tx) => {
      const wanted = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      if (Object.keys(wanted).length === 0) return;
      const { affected } = await this.update(tx, id, wanted);
      if (affected === 0) throw new DeviceNotFoundError(id);
      await this.audit.logOperation(tx, {
        operation: 'device_changed',
        deviceId: id,
        performedBy: actor,
        serviceName: 'devices',
        details: wanted,
      });
    });
    return this.get(id);
  }

  /** How to reach a registered device; its serial number is pinned. */
  async targetOf(device: Device): Promise<DeviceTarget> {
    const { driver, host, port, transport, encoding } = device;
    const commKey = await this.vault.open(device.commKeyEncrypted);
    return { driver, host, port, transport, encoding, commKey, expectedSerialNumber: device.serialNumber ?? undefined };
  }

  /** Notes a complete read, in the run's own transaction. */
  async recordCompleteRead(tx: Tx, deviceId: string, runId: string, readAt: Date): Promise<void> {
    await tx.query(
      `update devices set last_sync_at = greatest(last_sync_at, $2), last_run_id = $3, updated_at = clock_timestamp()
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

  /** Moves the demo terminal to the port that it got this time, or rests it when it is not running. */
  async updateDemo(deviceId: string, state: { readonly port: number } | 'resting'): Promise<void> {
    const change = state === 'resting' ? { enabled: false } : { enabled: true, port: state.port };
    await this.devices.update({ id: deviceId, isDemo: true }, change);
  }

  /** The devices whose comm key was closed with another key file than this server has; undefined: none. */
  async findLocked(): Promise<LockedDevices | undefined> {
    const devices: Device[] = [];
    let reason: SecretKeyError | undefined;
    for (const device of await this.devices.find({ where: { commKeyEncrypted: Not(IsNull()) } })) {
      try {
        await this.vault.open(device.commKeyEncrypted);
      } catch (error) {
        if (!(error instanceof SecretKeyError)) throw error;
        devices.push(device);
        reason = error;
      }
    }
    return reason && { devices, reason };
  }

  private async update(tx: Tx, id: string, wanted: Partial<Device>): Promise<{ affected?: number }> {
    try {
      return await tx.update(Device, { id }, wanted);
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      const { host, port, transport } = await this.get(id);
      const rival = await this.devices.findOneByOrFail({ host, port, transport, enabled: true });
      throw DeviceAlreadyRegisteredError.forAddress({ host, port }, rival);
    }
  }

  private async introduce(
    target: DeviceTarget,
  ): Promise<{ identity: DeviceIdentity; userCount: number; deviceTime: WallTime }> {
    await using reader = await this.gateway.openReader(target);
    const { users: userCount } = await reader.readCounters();
    return { identity: reader.identity, userCount, deviceTime: await reader.readClock() };
  }

  private async refuseKnownAddress({ host, port, transport }: DeviceTarget): Promise<void> {
    const known = await this.devices.findOne({ where: { host, port, transport, enabled: true } });
    if (known) throw DeviceAlreadyRegisteredError.forAddress({ host, port }, known);
  }

  /** A comm key closed with a key file of our own could not be opened by the servers that share another one. */
  private async refuseForeignKeyFile(): Promise<void> {
    const locked = await this.findLocked();
    if (locked) throw locked.reason;
  }

  private async register(
    wanted: NewDevice,
    target: DeviceTarget,
    identity: DeviceIdentity,
    actor: Actor,
  ): Promise<Device> {
    const known = await this.devices.findOne({ where: { serialNumber: identity.serialNumber } });
    if (known)
      throw new DeviceAlreadyRegisteredError(`The terminal with serial number ${identity.serialNumber}`, known);
    if (wanted.commKey !== 0) await this.refuseForeignKeyFile();
    const commKeyEncrypted = await this.vault.close(wanted.commKey);
    try {
      return await this.dataSource.transaction(async (tx) => {
        const slugs = await tx.find(Device, { select: { slug: true } });
        const device = await tx.save(Device, {
          slug: slugFor(wanted.name, identity.serialNumber, new Set(slugs.map(({ slug }) => slug))),
          name: wanted.name.trim(),
          driver: target.driver,
          host: target.host,
          port: target.port,
          transport: target.transport,
          encoding: target.encoding,
          timeZone: wanted.timeZone ?? null,
          commKeyEncrypted,
          serialNumber: identity.serialNumber,
          model: identity.model ?? null,
          platform: identity.platform ?? null,
          firmware: identity.firmware ?? null,
          isDemo: wanted.isDemo ?? false,
        });
        await this.audit.logOperation(tx, {
          operation: 'device_added',
          deviceId: device.id,
          performedBy: actor,
          serviceName: 'devices',
          details: { name: device.name, serial_number: identity.serialNumber, host: target.host, port: target.port },
        });
        return tx.findOneByOrFail(Device, { id: device.id });
      });
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      const rival = await this.devices.findOne({ where: { serialNumber: identity.serialNumber } });
      throw new DeviceAlreadyRegisteredError('This terminal', rival ?? { id: '?', name: wanted.name });
    }
  }
}
