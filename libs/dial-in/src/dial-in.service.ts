import { readFile } from 'node:fs/promises';
import { type Credential, type LogBatch } from '@app/aiface-protocol';
import { DeviceUserAuditService } from '@app/audit';
import { AppConfig, STANDARD_AIFACE_PORT } from '@app/config';
import { type Admission, AifaceListener, type TerminalAlarm, TerminalHost, type Visitor } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { BackgroundWork, Clock, systemActor, wallTimeInZone } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CannotListenError } from './dial-in.errors.js';
import { isWithin } from '@app/device-gateway';
import { PendingTerminalsService } from './pending-terminals.service.js';
import { TerminalAlarms } from './terminal-alarms.js';
import { TerminalIntake } from './terminal-intake.js';
import { TerminalPresence } from './terminal-presence.js';

/** A clock that is further off than this when a terminal registers is told, before the answer sets it right. */
const NOTABLE_DRIFT_SECONDS = 60;

/** Where terminals dial in to this process. */
export interface DialInAddress {
  readonly host: string;
  readonly port: number;
  /** Whether the standard port was taken by something else, so that no terminal will find this one by itself. */
  readonly isMakeshift: boolean;
}

/**
 * Lets terminals dial in: who is registered may stay, who is not waits for an administrator. Nobody authenticates on
 * this protocol, so a serial number must come from its network, and from one address at a time.
 */
@Injectable()
export class DialInService extends TerminalHost {
  private readonly logger = new Logger(DialInService.name);
  private readonly background = new BackgroundWork();

  constructor(
    private readonly config: AppConfig,
    private readonly listener: AifaceListener,
    private readonly dataSource: DataSource,
    private readonly devices: DevicesService,
    private readonly pending: PendingTerminalsService,
    private readonly intake: TerminalIntake,
    private readonly presence: TerminalPresence,
    private readonly alarms: TerminalAlarms,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {
    super();
  }

  /**
   * Begins to listen. When the standard port is taken, on any free one: whoever has terminals that are called at their
   * address must not be kept from them.
   * @throws {CannotListenError}
   */
  async listen(): Promise<DialInAddress> {
    const { aifaceHost: host, aifacePort: port } = this.config;
    const tls = await this.loadTls();
    try {
      return { host, port: await this.listener.listen({ host, port, tls }, this), isMakeshift: false };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' && port === STANDARD_AIFACE_PORT) {
        return { host, port: await this.listener.listen({ host, port: 0, tls }, this), isMakeshift: true };
      }
      throw new CannotListenError(
        `Terminals cannot dial in at ${host}:${port} (${code ?? String(cause)}); set AIFACE_HOST and AIFACE_PORT to an ` +
          'address of this machine and a free port',
        { cause },
      );
    }
  }

  /** Ends all connections; what terminals had handed over is stored first. */
  async stop(): Promise<void> {
    await this.listener.stop();
    await this.background.stop();
  }

  /** Measures the terminal's clock, then says what it is to show. */
  async admit(visitor: Visitor): Promise<Admission> {
    const { serialNumber, address } = visitor;
    const device = await this.devices.findBySerialNumber(serialNumber);
    if (!device) return this.refuseUnknown(visitor);
    if (device.driver !== 'aiface') return refusal('registered as a terminal of another kind');
    if (!device.enabled) return refusal('switched off in Holdfast');
    if (device.network !== null && !isWithin(address, device.network)) {
      await this.alarms.raise({ kind: 'foreign-network', address, serialNumber, network: device.network }, device.id);
      return refusal('not from this network');
    }
    await this.noteRegistration(device, visitor);
    if (!visitor.again) await this.pending.forget(serialNumber);
    return { admitted: true, localTime: wallTimeInZone(this.clock.now(), this.devices.timeZoneOf(device)) };
  }

  arrived(serialNumber: string, address: string): void {
    this.inBackground(() => this.presence.noteArrival(serialNumber, address));
  }

  left(serialNumber: string): void {
    this.logger.log({ msg: 'a terminal has gone; it dials again by itself', serial_number: serialNumber });
    this.inBackground(() => this.presence.noteDeparture(serialNumber));
  }

  async keepLog(serialNumber: string, batch: LogBatch): Promise<void> {
    await this.intake.keepLog(await this.registered(serialNumber), batch);
  }

  async keepEnrolment(serialNumber: string, credential: Credential): Promise<void> {
    const device = await this.registered(serialNumber);
    await this.intake.keepEnrolment(device, this.listener.fingerprintAlgorithmOf(serialNumber), credential);
  }

  alarm(alarm: TerminalAlarm): void {
    this.inBackground(async () => {
      const device =
        alarm.serialNumber === undefined ? null : await this.devices.findBySerialNumber(alarm.serialNumber);
      await this.alarms.raise(alarm, device?.id);
    });
  }

  private async refuseUnknown(visitor: Visitor): Promise<Admission> {
    const { address, serialNumber } = visitor;
    if (await this.pending.note(visitor)) return refusal('waits for an administrator');
    await this.alarms.raise({ kind: 'too-many-serials', address, serialNumber: undefined, lastSerial: serialNumber });
    return refusal('too many');
  }

  /** The answer to the registration sets the clock: what it showed is known now or never. */
  private async noteRegistration(device: Device, { clock, address, firmware, again }: Visitor): Promise<void> {
    const askedAt = this.clock.now();
    const known = await this.presence.find(device.serialNumber ?? '');
    const about = { device_id: device.id, device: device.name };
    await this.dataSource.transaction(async (tx) => {
      const drift = clock && (await this.devices.recordClock(tx, device, { wallTime: clock, askedAt }));
      const isWrong = Math.abs(drift ?? 0) > NOTABLE_DRIFT_SECONDS;
      const isUpdated = firmware !== undefined && firmware !== device.firmware;
      if (isUpdated) await this.devices.recordFirmware(tx, device.id, firmware);
      if (!again)
        this.logger.log({ msg: 'a terminal is connected', ...about, address, firmware, clock_drift_seconds: drift });
      if (isWrong) {
        this.logger.warn({
          msg: 'the clock of the terminal was wrong; registering sets it',
          ...about,
          drift_seconds: drift,
        });
      }
      if (!isWrong && !isUpdated && known?.address === address) return;
      await this.audit.logOperation(tx, {
        operation: 'terminal_registered',
        deviceId: device.id,
        performedBy: systemActor,
        serviceName: 'dial-in',
        details: {
          address,
          address_before: known?.address ?? null,
          firmware: firmware ?? null,
          firmware_before: device.firmware,
          clock_drift_seconds: drift ?? null,
        },
      });
    });
  }

  private async registered(serialNumber: string): Promise<Device> {
    const device = await this.devices.findBySerialNumber(serialNumber);
    if (device) return device;
    throw new Error(`the device with serial number ${serialNumber} is not registered any more`);
  }

  private async loadTls(): Promise<{ certificate: string; key: string } | undefined> {
    const { aifaceTlsCert, aifaceTlsKey } = this.config;
    if (aifaceTlsCert === undefined && aifaceTlsKey === undefined) return undefined;
    if (aifaceTlsCert === undefined || aifaceTlsKey === undefined) {
      throw new CannotListenError('AIFACE_TLS_CERT and AIFACE_TLS_KEY belong together; set both, or neither');
    }
    try {
      return { certificate: await readFile(aifaceTlsCert, 'utf8'), key: await readFile(aifaceTlsKey, 'utf8') };
    } catch (cause) {
      throw new CannotListenError(`The TLS files of the terminal port cannot be read: ${(cause as Error).message}`, {
        cause,
      });
    }
  }

  private inBackground(work: () => Promise<void>): void {
    this.background
      .round(work)
      .catch((error: unknown) =>
        this.logger.error({ msg: 'what happened at the terminal port could not be noted', err: error }),
      );
  }
}

function refusal(reason: string): Admission {
  return { admitted: false, reason };
}
