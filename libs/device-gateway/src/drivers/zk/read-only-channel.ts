import { commandName, isReadOrSessionCommand } from '@app/zk-protocol';
import { DeviceError } from '../../device.errors.js';
import { type Admitted, ZkChannel } from './zk-channel.js';

/** The socket end of a read session. THE allow-list is here: what it does not name throws before a byte leaves. */
export class ReadOnlyChannel extends ZkChannel {
  protected override admit(command: number, data: Buffer): Admitted {
    if (isReadOrSessionCommand(command, data)) return 'repeatable';
    throw notAllowed('A read session', command, data);
  }
}

/** What a session says to a command that its allow-list does not have. */
export function notAllowed(session: string, command: number, data: Buffer): DeviceError {
  const message = `${session} may not send ${commandName(command)}${data.length > 0 ? ` with ${data.length} bytes` : ''}`;
  return new DeviceError('device/command-not-allowed', message, { details: { command } });
}
