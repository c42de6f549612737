import { type AddressTarget, DeviceGateway, type DeviceIdentity } from '@app/device-gateway';
import { Clock, type WallTime } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type Repository } from 'typeorm';
import { Device } from './device.entity.js';
import { SecretKeyError } from './devices.errors.js';
import { SecretVault } from './secret-vault.js';

/** What a terminal says of itself when it is asked for the first time. */
export interface Introduction {
  readonly identity: DeviceIdentity;
  readonly userCount: number;
  readonly deviceTime: WallTime;
  /** When we asked for its time, by our clock. */
  readonly askedAt: Date;
}

/** Devices whose comm key this server cannot open. */
export interface LockedDevices {
  readonly devices: readonly Device[];
  readonly reason: SecretKeyError;
}

/** How a terminal is met: the comm keys, which are stored closed, and the first question, which is who it is. */
@Injectable()
export class TerminalAccess {
  constructor(
    private readonly gateway: DeviceGateway,
    private readonly vault: SecretVault,
    private readonly clock: Clock,
    @InjectRepository(Device) private readonly devices: Repository<Device>,
  ) {}

  /** Asks a terminal who it is; nothing changes on it. @throws {DeviceError} */
  async introduce(target: AddressTarget): Promise<Introduction> {
    await using reader = await this.gateway.openReader(target);
    const { users: userCount } = await reader.readCounters();
    const askedAt = this.clock.now();
    return { identity: reader.identity, userCount, deviceTime: await reader.readClock(), askedAt };
  }

  /** Closed form of a comm key; null for 0, which means that there is none. @throws {SecretKeyError} */
  async closeCommKey(commKey: number): Promise<string | null> {
    if (commKey === 0) return null;
    // A key closed with a key file of our own could not be opened by the servers that share another one.
    const locked = await this.findLocked();
    if (locked) throw locked.reason;
    return this.vault.close(String(commKey));
  }

  /** 0: none. @throws {SecretKeyError} the key file here is not the one that it was closed with */
  async openCommKey({ commKeyEncrypted }: Device): Promise<number> {
    return commKeyEncrypted === null ? 0 : Number(await this.vault.open(commKeyEncrypted));
  }

  /** The devices whose comm key was closed with another key file than this server has; undefined: none. */
  async findLocked(): Promise<LockedDevices | undefined> {
    const devices: Device[] = [];
    let reason: SecretKeyError | undefined;
    for (const device of await this.devices.find({ where: { commKeyEncrypted: Not(IsNull()) } })) {
      try {
        await this.openCommKey(device);
      } catch (error) {
        if (!(error instanceof SecretKeyError)) throw error;
        devices.push(device);
        reason = error;
      }
    }
    return reason && { devices, reason };
  }
}
