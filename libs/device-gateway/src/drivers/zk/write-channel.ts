import { isReadOfWriteSession, isWriteOfOneUser, type ZkWrite } from '@app/zk-protocol';
import { notAllowed } from './read-only-channel.js';
import { type Admitted, ZkChannel } from './zk-channel.js';

/**
 * The socket end of a write session. Reads leave as in a read session; a write leaves only if it is the next one of
 * those that the session was armed with, byte for byte, and only once: a repeated, reordered or stray write throws before a
 * byte leaves. No write is ever sent again by itself, over UDP neither.
 */
export class WriteChannel extends ZkChannel {
  private armed: ZkWrite[] = [];

  /**
   * Lets these writes leave, in their order and each once, until the returned object is disposed of.
   * @throws {DeviceError} `device/command-not-allowed`: one of them is no write of one user
   */
  arm(writes: readonly ZkWrite[]): Disposable {
    const stray = writes.find(({ command, data }) => !isWriteOfOneUser(command, data));
    if (stray) throw notAllowed('A write session', stray.command, stray.data);
    // Copies: what is armed now is what leaves, whatever becomes of the caller's bytes.
    this.armed = writes.map((write) => ({ ...write, data: Buffer.from(write.data) }));
    return { [Symbol.dispose]: () => void (this.armed = []) };
  }

  protected override admit(command: number, data: Buffer): Admitted {
    const next = this.armed.at(0);
    if (next?.command === command && next.data.equals(data)) {
      this.armed.shift();
      return 'once';
    }
    if (isReadOfWriteSession(command, data)) return 'repeatable';
    throw notAllowed('A write session', command, data);
  }
}
