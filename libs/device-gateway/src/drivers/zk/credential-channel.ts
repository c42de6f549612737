import { isReadOfCredentialSession } from '@app/zk-protocol';
import { notAllowed } from './read-only-channel.js';
import { type Admitted, ZkChannel } from './zk-channel.js';

/** The socket end of a session that copies credentials too. What is no read of it throws before a byte leaves. */
export class CredentialChannel extends ZkChannel {
  protected override admit(command: number, data: Buffer): Admitted {
    if (isReadOfCredentialSession(command, data)) return 'repeatable';
    throw notAllowed('A copying session', command, data);
  }
}
