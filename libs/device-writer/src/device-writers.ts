import { type DeviceTarget } from '@app/device-gateway';
import { type DeviceWriter } from './device-writer.js';

export interface OpenWriterOptions {
  /** Closes the session when it fires. */
  readonly signal?: AbortSignal;
  /** How long one write may take until its answer is there, in milliseconds. */
  readonly writeTimeoutMs?: number;
}

/** The only way to a session that can write. */
export abstract class DeviceWriters {
  /** @throws {DeviceError} the terminal cannot be reached, or is not who it should be */
  abstract open(target: DeviceTarget, options?: OpenWriterOptions): Promise<DeviceWriter>;
}
