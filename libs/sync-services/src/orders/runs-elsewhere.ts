import { setTimeout as delay } from 'node:timers/promises';
import { DeviceError } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { TerminalPresence } from '@app/dial-in';
import { AbortedError } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type FinishedRun, type RunRequest } from '../run.js';
import { type RunPreview } from '../sync-run.js';
import { readError, readPreview, readRun, type WrittenEnd } from './order-outcome.js';
import { SyncRunOrders } from './sync-run-orders.js';

const LOOK_EVERY_MS = 250;
/** A server looks for orders every second, and says every few seconds that it is at one. */
const LONGEST_SILENCE_MS = 30_000;

/**
 * Runs against terminals that dial in and are connected to another process: a command has no terminal of its own, and of
 * several servers one has it. The other one is asked through the database, and does what this one would do.
 */
@Injectable()
export class RunsElsewhere {
  constructor(
    private readonly orders: SyncRunOrders,
    private readonly presence: TerminalPresence,
  ) {}

  /** Whether another process has the terminal. */
  async has(device: Device): Promise<boolean> {
    return device.driver === 'aiface' && (await this.presence.whereaboutsOf(device)).kind === 'elsewhere';
  }

  /** As SyncRun.execute. @throws {RunElsewhereFailedError} @throws {DeviceError} `device/not-connected`: no answer */
  async execute(device: Device, request: RunRequest): Promise<FinishedRun> {
    return readRun(await this.order(device, request, false));
  }

  /** As SyncRun.preview. @throws as execute */
  async preview(device: Device, request: RunRequest): Promise<RunPreview> {
    return readPreview(await this.order(device, request, true));
  }

  private async order(device: Device, request: RunRequest, preview: boolean): Promise<WrittenEnd> {
    const { service, actor, signal } = request;
    request.onProgress?.({ stage: 'elsewhere' });
    const id = await this.orders.place({ deviceId: device.id, service, preview, orderedBy: actor.name });
    try {
      return await this.follow(id, device, request);
    } catch (error) {
      await this.orders.withdraw(id);
      throw signal?.aborted ? new AbortedError(signal.reason) : error;
    }
  }

  private async follow(id: string, device: Device, { signal, onStarted, onProgress }: RunRequest): Promise<WrittenEnd> {
    let told = false;
    for (;;) {
      const standing = await this.orders.standingOf(id);
      if (!told && standing?.syncRunId) {
        told = true;
        onStarted?.(standing.syncRunId);
        onProgress?.({ stage: 'elsewhere' });
      }
      if (standing?.state === 'done' && standing.outcome) return standing.outcome;
      if (standing?.state === 'failed' && standing.outcome) throw readError(standing.outcome);
      if (!standing || standing.silentMs > LONGEST_SILENCE_MS) throw noAnswer(device, standing?.state === 'taken');
      await delay(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

function noAnswer(device: Device, wasTaken: boolean): DeviceError {
  const what = wasTaken
    ? 'the server that it is connected to began to read it, and says nothing more'
    : 'the server that it is connected to did not take the order';
  const message =
    `"${device.name}" (serial ${device.serialNumber}) dials in, and ${what} within ${LONGEST_SILENCE_MS / 1000} s. ` +
    'See whether that server runs, and try again';
  return new DeviceError('device/not-connected', message, { stage: 'connect' });
}
