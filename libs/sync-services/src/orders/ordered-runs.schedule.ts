import { type Device, DevicesService } from '@app/devices';
import { TerminalPresence } from '@app/dial-in';
import { AppError, BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { SyncRun } from '../sync-run.js';
import { type WrittenEnd, writeError, writePreview, writeRun } from './order-outcome.js';
import { type SyncRunOrderRow } from './sync-run-order.entity.js';
import { SyncRunOrders } from './sync-run-orders.js';

const LOOK_EVERY_MS = 1_000;
const SAY_EVERY_MS = 5_000;

/** Does the runs that other processes order for the terminals that are connected to this one. */
@Injectable()
export class OrderedRunsSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(OrderedRunsSchedule.name);
  private readonly background = new BackgroundWork();
  private looking = false;

  constructor(
    private readonly orders: SyncRunOrders,
    private readonly devices: DevicesService,
    private readonly presence: TerminalPresence,
    private readonly syncRun: SyncRun,
  ) {}

  @Interval('ordered-runs', LOOK_EVERY_MS)
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.background.round(() => this.takeOurs());
    } catch (error) {
      this.logger.warn({ msg: 'orders of other processes cannot be looked up now', err: error });
    } finally {
      this.looking = false;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  /** Begins every order whose terminal is here; who waits for its end is whoever ordered it. */
  private async takeOurs(): Promise<void> {
    const waiting = await this.orders.findWaiting();
    if (waiting.length === 0) return;
    const devices = new Map((await this.devices.listEnabled()).map((device) => [device.id, device]));
    for (const order of waiting) {
      const device = devices.get(order.deviceId);
      if (!device || (await this.presence.whereaboutsOf(device)).kind !== 'here') continue;
      if (!(await this.orders.take(order.id, this.presence.server))) continue;
      this.background
        .run((stopping) => this.perform(order, device, stopping))
        .catch((error: unknown) =>
          this.logger.error({ msg: 'how an ordered run ended could not be written down', err: error }),
        );
    }
  }

  private async perform(order: SyncRunOrderRow, device: Device, stopping: AbortSignal): Promise<void> {
    const unwanted = new AbortController();
    const saying = setInterval(() => {
      this.orders
        .noteUnderway(order.id)
        .then((wanted) => wanted || unwanted.abort(new Error('whoever ordered the run has withdrawn it')))
        .catch((error: unknown) => this.logger.warn({ msg: 'an ordered run cannot be said to go on', err: error }));
    }, SAY_EVERY_MS);
    try {
      const end = await this.execute(order, device, AbortSignal.any([stopping, unwanted.signal]));
      await this.orders.finish(order.id, 'done', end);
    } catch (error) {
      if (!(error instanceof AppError)) this.logger.error(error);
      await this.orders.finish(order.id, 'failed', writeError(error));
    } finally {
      clearInterval(saying);
    }
  }

  private async execute(order: SyncRunOrderRow, device: Device, signal: AbortSignal): Promise<WrittenEnd> {
    const { id, service, orderedBy, preview } = order;
    // Whoever may order a run is an operator at least, and a run wants no more.
    const request = { service, actor: { kind: 'operator', name: orderedBy } as const, signal };
    if (preview) return writePreview(await this.syncRun.preview(device, request));
    const onStarted = (runId: string): void => {
      this.orders
        .noteRun(id, runId)
        .catch((error: unknown) => this.logger.warn({ msg: 'the run of an order cannot be noted', err: error }));
    };
    return writeRun(await this.syncRun.execute(device, { ...request, onStarted }));
  }
}
