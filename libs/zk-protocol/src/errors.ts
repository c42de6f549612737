import { AppError } from '@app/kernel';

export type ZkFormatErrorCode = 'zk/prefix' | 'zk/length' | 'zk/checksum' | 'zk/truncated' | 'zk/record' | 'zk/set';

/** Bytes that are not what the protocol says they should be. Nothing of them may be used. */
export class ZkFormatError extends AppError {
  readonly kind = 'unavailable';

  constructor(
    readonly code: ZkFormatErrorCode,
    message: string,
    details: Record<string, unknown> = {},
  ) {
    super(message, { details });
  }
}

/** @throws {ZkFormatError} `zk/truncated` when fewer than `needed` bytes follow `offset` */
export function requireBytes(what: string, bytes: Buffer, needed: number, offset = 0): void {
  const present = bytes.length - offset;
  if (present < needed)
    throw new ZkFormatError('zk/truncated', `${what} needs ${needed} bytes, got ${Math.max(present, 0)}`);
}
