import { type UserRecordWidth } from '@app/zk-protocol';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';

const WIDTHS: readonly UserRecordWidth[] = [72, 28];

/**
 * How wide the records of a set are. The transport does not tell; the terminal's user counter does.
 * @param total bytes of records, without the length word
 * @throws {IncompleteReadError} `counter-mismatch`: bytes and counter do not belong together
 * @throws {DeviceError} `device/unsupported-record`: they do, with a width that we cannot read
 */
export function userRecordWidth(total: number, counter: number): UserRecordWidth {
  if (total === 0 && counter === 0) return 72;
  const width = WIDTHS.find((known) => counter * known === total);
  if (width !== undefined) return width;
  if (counter > 0 && total % counter === 0 && !WIDTHS.some((known) => total % known === 0)) {
    throw new DeviceError(
      'device/unsupported-record',
      `The terminal's user records have ${total / counter} bytes (${total} for ${counter} users); 72 and 28 are supported. ` +
        'Please report the model and its firmware',
      { stage: 'read', details: { total, counter } },
    );
  }
  throw new IncompleteReadError(
    'counter-mismatch',
    `The terminal counts ${counter} users and sent ${total} bytes, which is neither ${counter * 72} nor ${counter * 28}; ` +
      'read it again, and restart it if that repeats',
    { counter, total },
  );
}
