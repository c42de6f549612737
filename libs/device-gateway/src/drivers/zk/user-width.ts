import { type UserRecordWidth } from '@app/zk-protocol';
import { IncompleteReadError } from '../../device.errors.js';

const WIDTHS: readonly UserRecordWidth[] = [72, 28];

/**
 * How wide the records of a set are. The transport does not tell; the terminal's user counter does.
 * @param total bytes of records, without the length word
 * @throws {IncompleteReadError} `record-width`: bytes and counter do not make records that we can read
 */
export function userRecordWidth(total: number, counter: number): UserRecordWidth {
  if (total === 0 && counter === 0) return 72;
  const width = WIDTHS.find((known) => counter * known === total);
  if (width !== undefined) return width;
  throw new IncompleteReadError(
    'record-width',
    `The terminal counts ${counter} users and sent ${total} bytes of them, which is neither ${counter} × 72 nor ` +
      `${counter} × 28; read it again, and if that repeats, report its model and firmware: it may use other records`,
    { counter, total },
  );
}
