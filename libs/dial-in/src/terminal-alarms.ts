import { DeviceUserAuditService } from '@app/audit';
import { type TerminalAlarm } from '@app/device-gateway';
import { snakeCased } from '@app/http';
import { Clock, systemActor } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { storable } from './storable.js';

/** The same is told once in this time, with how often it happened: whoever floods must not flood the audit log too. */
const AGAIN_AFTER_MS = 10 * 60_000;
/** Different alarms within that time; beyond them, only the log tells that there are more. */
const MOST_ALARMS = 200;

const MEANINGS: Readonly<Record<TerminalAlarm['kind'], string>> = {
  'second-connection': 'a second connection claims the serial number of a connected terminal; it was refused',
  'foreign-network': 'a serial number dials in from another network than that of its terminal; it was refused',
  'changed-serial': 'a connection changed its serial number; it was closed',
  flood: 'a terminal sends more than it waits for; its connection was closed',
  oversized: 'a terminal sent too large a message; its connection was closed',
  'too-many-connections': 'too many connections that have not registered; those that say nothing are closed',
  'too-many-serials': 'one address shows too many unknown serial numbers; more are refused',
};

/** Tells of what somebody has to look at: in the log, and as an audit entry that can be searched. */
@Injectable()
export class TerminalAlarms {
  private readonly logger = new Logger(TerminalAlarms.name);
  private readonly told = new Map<string, { readonly atMs: number; suppressed: number }>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** @param deviceId of the registered device with this serial number, if there is one */
  async raise(alarm: TerminalAlarm, deviceId?: string): Promise<void> {
    const suppressed = this.countOf(alarm);
    if (suppressed === undefined) return;
    const facts = storable({
      ...snakeCased(alarm),
      ...(suppressed > 0 ? { not_told_before: suppressed } : {}),
    }) as object;
    this.logger.warn({ msg: MEANINGS[alarm.kind], device_id: deviceId, ...facts });
    await this.dataSource.transaction((tx) =>
      this.audit.logOperation(tx, {
        operation: 'terminal_alarm',
        deviceId,
        performedBy: systemActor,
        serviceName: 'dial-in',
        details: { ...facts },
      }),
    );
  }

  /** How often it has happened untold since it was last told; undefined: it is not to be told now. */
  private countOf({ kind, address, serialNumber }: TerminalAlarm): number | undefined {
    const now = this.clock.monotonicMs();
    for (const [key, { atMs }] of this.told) if (now - atMs > 2 * AGAIN_AFTER_MS) this.told.delete(key);
    const key = `${kind} ${serialNumber ?? ''} ${address}`;
    const before = this.told.get(key);
    if (before && now - before.atMs < AGAIN_AFTER_MS) {
      before.suppressed += 1;
      return undefined;
    }
    if (!before && this.told.size >= MOST_ALARMS) {
      if (this.told.size === MOST_ALARMS)
        this.logger.error({ msg: 'more alarms than are told; see the network of the terminals' });
      return undefined;
    }
    this.told.set(key, { atMs: now, suppressed: 0 });
    return before?.suppressed ?? 0;
  }
}
