import { type DeviceWriter } from '@app/device-writer';
import { type DrillTerminal } from '../drill-terminals.js';

/** Writes to the terminal of a drill. A session in which something went wrong is not used again. */
export class DrillWriting implements AsyncDisposable {
  private writer?: DeviceWriter;

  constructor(
    private readonly terminal: DrillTerminal,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async use<T>(work: (writer: DeviceWriter) => Promise<T>): Promise<T> {
    this.writer ??= await this.terminal.openWriter(this.signal);
    try {
      return await work(this.writer);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { writer } = this;
    this.writer = undefined;
    await writer?.close();
  }
}
