import { ZkFormatError } from './errors.js';

/** Asks for an option by name: the name and a NUL. */
export function encodeOptionRequest(name: string): Buffer {
  return Buffer.from(`${name}\0`, 'latin1');
}

/** The name that is asked for; the NUL may be missing. */
export function decodeOptionRequest(data: Buffer): string {
  return untilZero(data);
}

/** `name=value` and a NUL. */
export function encodeOptionReply(name: string, value: string): Buffer {
  return Buffer.from(`${name}=${value}\0`, 'latin1');
}

/**
 * The value: what follows the first `=`, without further leading ones (some firmware doubles it). The name is not
 * checked, since some firmware does not repeat it exactly.
 * @throws {ZkFormatError} `zk/record` when there is no `=`
 */
export function decodeOptionReply(data: Buffer): string {
  const text = untilZero(data);
  const equals = text.indexOf('=');
  if (equals < 0)
    throw new ZkFormatError('zk/record', `An option answer has no "=": ${JSON.stringify(text.slice(0, 40))}`);
  return text.slice(equals).replace(/^=+/, '');
}

/** A plain text answer, such as the firmware version: up to the first NUL. */
export function decodeText(data: Buffer): string {
  return untilZero(data);
}

function untilZero(data: Buffer): string {
  const end = data.indexOf(0);
  return (end < 0 ? data : data.subarray(0, end)).toString('latin1');
}
