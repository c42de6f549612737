import { createHash, type Hash } from 'node:crypto';
import { type UserSnapshot } from '@app/device-writer';
import { canonicalDeviceUserId, compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { BACKUP_FORMAT, type BackupHeader } from './backup-header.js';

/** One user with many faces and photos has some megabytes. */
const LONGEST_LINE_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/** A user line, taken apart. */
export interface UserLine {
  readonly deviceUserId: DeviceUserId;
  readonly name: string | null;
  /** Canonical bytes of the snapshot. */
  readonly snapshot: Buffer;
}

interface Trailer {
  readonly trailer: typeof BACKUP_FORMAT;
  readonly users: number;
  /** Of every byte before this line, hexadecimal. */
  readonly sha256: string;
}

/** The bytes are not those of a backup; the message says in a few words why, and shows none of them. */
export class BadBackupError extends Error {}

/** `{"device_user_id":"9001","name":"Mina Haile","snapshot":{…}}` and a newline: the snapshot's bytes as they are. */
export function encodeUserLine({ user }: UserSnapshot, snapshot: Buffer): Buffer {
  const head = JSON.stringify({ device_user_id: user.deviceUserId, name: user.details?.name ?? null });
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"snapshot":`), snapshot, Buffer.from('}\n')]);
}

export function encodeHeaderLine(header: BackupHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`);
}

/** @param before a hash that has taken every byte before */
export function encodeTrailerLine(users: number, before: Hash): Buffer {
  const trailer: Trailer = { trailer: BACKUP_FORMAT, users, sha256: before.copy().digest('hex') };
  return Buffer.from(`${JSON.stringify(trailer)}\n`);
}

/** @throws {BadBackupError} */
function decodeHeaderLine(line: Buffer): BackupHeader {
  const header = parse(line, 'its first line') as Partial<BackupHeader>;
  if (header.format !== BACKUP_FORMAT) {
    throw new BadBackupError(
      `its format is ${JSON.stringify(header.format ?? null)?.slice(0, 60)}, and this program reads ${BACKUP_FORMAT}`,
    );
  }
  const {
    device,
    protocol,
    serial_number: serial,
    users,
    credentials,
    contents,
    lacking,
    digest,
    created_at: at,
  } = header;
  const isWhole =
    typeof device?.id === 'string' &&
    typeof device.slug === 'string' &&
    typeof device.name === 'string' &&
    (protocol === 'zk' || protocol === 'aiface') &&
    typeof serial === 'string' &&
    Number.isSafeInteger(users) &&
    Number.isSafeInteger(credentials) &&
    (contents === 'everything' || contents === 'attributes') &&
    Array.isArray(lacking) &&
    typeof digest === 'string' &&
    typeof at === 'string';
  if (!isWhole) throw new BadBackupError('its header lacks a field');
  return header as BackupHeader;
}

/** @throws {BadBackupError} */
function decodeUserLine(line: Buffer): UserLine {
  const user = parse(line, 'the line of a user') as { device_user_id?: unknown; name?: unknown; snapshot?: unknown };
  const { device_user_id: id, name, snapshot } = user;
  const isWhole = typeof id === 'string' && (name === null || typeof name === 'string') && typeof snapshot === 'object';
  if (!isWhole || canonicalDeviceUserId(id) !== id) throw new BadBackupError('the line of a user lacks a field');
  return { deviceUserId: canonicalDeviceUserId(id), name, snapshot: Buffer.from(JSON.stringify(snapshot)) };
}

/**
 * Reads a backup line by line and checks all of it: header, order, digest, count, trailer, and that nothing follows. What
 * it yields may be used only once it has come to its end; `onHeader` is told the header first.
 * @throws {BadBackupError} with what is wrong
 */
export async function* decodeBackup(
  bytes: AsyncIterable<Uint8Array>,
  onHeader: (header: BackupHeader) => void,
): AsyncGenerator<UserLine> {
  const [all, users] = [createHash('sha256'), createHash('sha256')];
  let header: BackupHeader | undefined;
  let trailer: Trailer | undefined;
  let count = 0;
  let last: DeviceUserId | undefined;
  for await (const line of linesOf(bytes)) {
    if (trailer) throw new BadBackupError('something follows its last line');
    if (!header) {
      header = decodeHeaderLine(line);
      onHeader(header);
    } else if (line.subarray(0, 11).toString('latin1') === '{"trailer":') {
      trailer = parse(line, 'its last line') as Trailer;
      if (trailer.sha256 !== all.copy().digest('hex')) throw new BadBackupError('its checksum is wrong');
      continue;
    } else {
      const user = decodeUserLine(line);
      if (last !== undefined && compareDeviceUserIds(last, user.deviceUserId) >= 0)
        throw new BadBackupError('its users are not in order');
      last = user.deviceUserId;
      count += 1;
      users.update(line).update('\n');
      yield user;
    }
    all.update(line).update('\n');
  }
  if (!header || !trailer) throw new BadBackupError('it ends too early');
  if (trailer.trailer !== BACKUP_FORMAT || trailer.users !== count || header.users !== count)
    throw new BadBackupError(`it announces ${header.users} users and holds ${count}`);
  if (header.digest !== users.digest('hex')) throw new BadBackupError('the digest of its users is wrong');
}

/** Whole lines, without their newline. @throws {BadBackupError} */
async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes) {
    let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield parts.length === 0 ? rest.subarray(0, end) : Buffer.concat([...parts, rest.subarray(0, end)]);
      [parts, length] = [[], 0];
      rest = rest.subarray(end + 1);
    }
    if (rest.length === 0) continue;
    parts.push(rest);
    length += rest.length;
    if (length > LONGEST_LINE_BYTES) throw new BadBackupError(`a line is longer than ${LONGEST_LINE_BYTES} bytes`);
  }
  if (length > 0) throw new BadBackupError('its last line has no end');
}

function parse(line: Buffer, what: string): object {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Never with the cause: it may show what stands in the line.
  }
  throw new BadBackupError(`${what} is no JSON object`);
}
