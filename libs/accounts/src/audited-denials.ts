import { DeviceUserAuditService } from '@app/audit';
import { type Denial, type DenialLog } from '@app/auth';
import { WindowCounter } from '@app/http';
import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** One entry for a caller and a route, and at most ten for a caller, in ten minutes: enough to see who tries what. */
const WINDOW_MS = 10 * 60_000;
const PER_CALLER = 10;

/** Puts into the audit log who was told that they may not. */
@Injectable()
export class AuditedDenials implements DenialLog {
  private readonly perRoute: WindowCounter;
  private readonly perCaller: WindowCounter;

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
    clock: Clock,
  ) {
    this.perRoute = new WindowCounter(clock, { limit: 1, windowMs: WINDOW_MS });
    this.perCaller = new WindowCounter(clock, { limit: PER_CALLER, windowMs: WINDOW_MS });
  }

  async record({ caller: { actor }, code, method, path, address }: Denial): Promise<void> {
    if (this.perRoute.hit([actor.name, code, method, path].join('\n')) > 0) return;
    if (this.perCaller.hit(actor.name) > 0) return;
    await this.dataSource.transaction((tx) =>
      this.audit.logOperation(tx, {
        operation: 'access_denied',
        performedBy: actor,
        serviceName: 'accounts',
        details: { code, method, path, role: actor.kind, address },
      }),
    );
  }
}
