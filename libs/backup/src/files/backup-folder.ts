import { createHash, type Hash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, type FileHandle, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ReadableStream as WebStream } from 'node:stream/web';
import { AppConfig } from '@app/config';
import { type UserSnapshot, withoutSecrets } from '@app/device-writer';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { Decrypter, Encrypter } from 'age-encryption';
import {
  BackupInvalidError,
  BackupKeyMissingError,
  BackupNotFoundError,
  BackupNotWrittenError,
} from '../backup.errors.js';
import { BACKUP_FORMAT, type BackupHeader } from '../format/backup-header.js';
import {
  BadBackupError,
  decodeBackup,
  encodeHeaderLine,
  encodeTrailerLine,
  encodeUserLine,
} from '../format/backup-lines.js';
import { backupFilename, parseBackupFilename } from '../format/backup-name.js';
import { BackupKeys } from './backup-keys.js';
import { type BackedUpUser, type BackupSource, type OpenedBackup, type WrittenBackup } from './backup-source.js';
import { BackupWriteObserver } from './backup-write-observer.js';

const TEMPORARY = /^\.holdfast-backup-[0-9a-f]{16}\.tmp$/;
const WITHOUT_KEY = 'PINs, fingerprints and faces: no key is configured (holdfast keys generate)';

/** What file systems say that know no hard links. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** What a first pass over the users came to. */
interface Digested {
  readonly header: BackupHeader;
  readonly ids: readonly DeviceUserId[];
}

/**
 * The folder that backups lie in. A file appears in it under its name only when it is whole, was read again, and is safe on
 * the disk; it is never written over. A name from outside that is none of ours opens nothing.
 */
@Injectable()
export class BackupFolder {
  constructor(
    private readonly config: AppConfig,
    private readonly keys: BackupKeys,
    private readonly observer: BackupWriteObserver,
  ) {}

  get path(): string {
    return this.config.backupDir ?? join(this.config.dataDir, 'backups');
  }

  /**
   * Writes a backup: aside, to the disk, read again, and only then under its name. Whatever goes wrong, nothing of it is
   * left and no other file is touched.
   * @throws {BackupNotWrittenError} @throws {BackupSetupError}
   */
  async write(source: BackupSource, { slug }: { readonly slug: string }): Promise<WrittenBackup> {
    const recipients = await this.keys.recipients();
    const encrypted = recipients.length > 0;
    const aside = join(this.path, `.holdfast-backup-${randomBytes(8).toString('hex')}.tmp`);
    try {
      // A configured folder that is not there is a share that is not mounted.
      if (!this.config.backupDir) await mkdir(this.path, { recursive: true, mode: 0o700 });
      const takenAt = await this.freeInstant(slug, source.takenAt);
      const digested = await digest(source, takenAt, encrypted);
      const written = await this.writeAside(aside, plainBytes(source, digested.header), recipients);
      const readBack = await this.readBack(aside, digested.header, written, encrypted);
      await this.observer.reached('read-back');
      const filename = await this.name(aside, { slug, takenAt, encrypted });
      const { size: sizeBytes } = await stat(join(this.path, filename));
      return { filename, header: digested.header, takenAt, encrypted, sizeBytes, ids: digested.ids, readBack };
    } catch (error) {
      await rm(aside, { force: true }).catch(() => undefined);
      throw this.notWritten(error);
    }
  }

  /**
   * Reads a backup from beginning to end and checks all of it, before anything of it is given out.
   * @throws {BackupNotFoundError} {BackupInvalidError} {BackupKeyMissingError}
   */
  async open(filename: string): Promise<OpenedBackup> {
    const file = this.fileOf(filename);
    await access(file).catch(() => {
      throw new BackupNotFoundError();
    });
    const { header, sha256 } = await this.check(filename, file);
    requireOwnName(filename, header);
    return { filename, header, users: () => this.usersOf(filename, file, sha256) };
  }

  /** The names in the folder that are ours, in the order of names. */
  async list(): Promise<string[]> {
    try {
      const names = await readdir(this.path);
      return names.filter((name) => parseBackupFilename(name) !== undefined).toSorted();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Removes what writers that were killed have left behind. */
  async sweepTemporaries(olderThan: Date): Promise<void> {
    const names = await readdir(this.path).catch(() => []);
    for (const name of names.filter((each) => TEMPORARY.test(each))) {
      const found = await stat(join(this.path, name)).catch(() => undefined);
      if (found && found.mtime < olderThan) await rm(join(this.path, name), { force: true });
    }
  }

  /** Removes a backup; one that is not there is removed already. @throws {BackupNotFoundError} it is none of our names */
  async remove(filename: string): Promise<void> {
    await rm(this.fileOf(filename), { force: true });
    await this.syncFolder();
  }

  private fileOf(filename: string): string {
    if (!parseBackupFilename(filename)) throw new BackupNotFoundError();
    return join(this.path, filename);
  }

  /** Behind the newest backup of the device, so that the order of names is that of time, and no two are equal. */
  private async freeInstant(slug: string, wanted: Date): Promise<Date> {
    const taken = (await this.list()).map(parseBackupFilename).filter((each) => each?.slug === slug);
    const newest = Math.max(0, ...taken.map((each) => each!.takenAt.getTime()));
    return new Date(Math.max(wanted.getTime(), newest + 1));
  }

  /** Gives the hash of the bytes in the file. */
  private async writeAside(
    aside: string,
    plain: AsyncIterable<Buffer>,
    recipients: readonly string[],
  ): Promise<string> {
    const handle = await open(aside, 'wx', 0o600);
    try {
      await this.observer.reached('opened');
      const hash = createHash('sha256');
      for await (const bytes of recipients.length > 0 ? encrypted(plain, recipients) : plain) {
        await this.writeOut(handle, bytes, hash);
      }
      await this.observer.reached('written');
      await handle.sync();
      await this.observer.reached('synced');
      return hash.digest('hex');
    } finally {
      await handle.close();
    }
  }

  private async writeOut(handle: FileHandle, bytes: Uint8Array, hash: Hash): Promise<void> {
    hash.update(bytes);
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
    this.observer.wrote(bytes.length);
  }

  /** Where there is a key, all of it is decrypted and checked again; else the bytes are compared. */
  private async readBack(aside: string, header: BackupHeader, written: string, isEncrypted: boolean): Promise<boolean> {
    const readable = !isEncrypted || (await this.keys.identities()).length > 0;
    if (!readable) {
      const hash = createHash('sha256');
      for await (const bytes of createReadStream(aside)) hash.update(bytes as Buffer);
      if (hash.digest('hex') !== written) throw new Error('the disk gave back other bytes than were written');
      return false;
    }
    const found = await this.check('a new backup', aside);
    if (found.sha256 !== written || found.header.digest !== header.digest)
      throw new Error('the disk gave back other bytes than were written');
    return true;
  }

  /** A name that is taken is never written over; a file system without links has only this program to fear. */
  private async name(aside: string, wanted: Parameters<typeof backupFilename>[0]): Promise<string> {
    const filename = backupFilename(wanted);
    const file = join(this.path, filename);
    try {
      await link(aside, file);
    } catch (error) {
      if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
      await (await open(file, 'wx', 0o600)).close();
      await rename(aside, file);
    }
    await this.observer.reached('named');
    await rm(aside, { force: true });
    await this.syncFolder();
    await this.observer.reached('folder-synced');
    return filename;
  }

  private async syncFolder(): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await open(this.path, 'r');
    try {
      await folder.sync();
    } catch (error) {
      // Some shares cannot.
      if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    } finally {
      await folder.close();
    }
  }

  private async check(filename: string, file: string): Promise<{ header: BackupHeader; sha256: string }> {
    let header: BackupHeader | undefined;
    const hash = createHash('sha256');
    for await (const _user of this.decode(filename, file, hash, (found) => (header = found))) continue;
    return { header: header!, sha256: hash.digest('hex') };
  }

  /** The same bytes as when it was opened, or an error at the end at the latest. */
  private async *usersOf(filename: string, file: string, sha256: string): AsyncIterable<BackedUpUser> {
    const hash = createHash('sha256');
    yield* this.decode(filename, file, hash, () => undefined);
    if (hash.digest('hex') !== sha256) throw new BackupInvalidError(filename, 'it was changed while it was read');
  }

  private async *decode(
    filename: string,
    file: string,
    hash: Hash,
    onHeader: (header: BackupHeader) => void,
  ): AsyncGenerator<BackedUpUser> {
    const source = createReadStream(file);
    try {
      const bytes = hashed(source, hash);
      const isEncrypted = filename.endsWith('.age') || (await startsLikeAge(file));
      yield* decodeBackup(isEncrypted ? await this.decrypted(filename, bytes) : bytes, onHeader);
    } catch (error) {
      if (error instanceof BadBackupError) throw new BackupInvalidError(filename, error.message);
      throw error;
    } finally {
      source.destroy();
    }
  }

  private async decrypted(filename: string, bytes: AsyncIterable<Buffer>): Promise<AsyncIterable<Uint8Array>> {
    const identities = await this.keys.identities();
    if (identities.length === 0) throw new BackupKeyMissingError(filename, 'there is no secret key here');
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    try {
      return damageAsInvalid(await decrypter.decrypt(Readable.toWeb(Readable.from(bytes)) as never));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (/no identity matched/i.test(message))
        throw new BackupKeyMissingError(filename, 'none of the secret keys here opens it');
      throw new BadBackupError('it is no whole file of age');
    }
  }

  private notWritten(error: unknown): unknown {
    const { code } = error as NodeJS.ErrnoException;
    const remedies: Record<string, string> = {
      ENOSPC: 'the disk is full; make room, or set BACKUP_DIR to another one',
      EDQUOT: 'the quota is used up; make room, or set BACKUP_DIR to another disk',
      EACCES: 'this account may not write there; give it the right to',
      EPERM: 'this account may not write there; give it the right to',
      EROFS: 'it is mounted read-only; mount it for writing',
      ENOENT: 'the folder went away; is the share mounted?',
      EEXIST: 'another program made a file of that name just now; try again',
    };
    if (error instanceof BackupInvalidError)
      return new BackupNotWrittenError(`A backup was not written to ${this.path}: read again, ${error.why}`);
    if (error instanceof Error && error.constructor.name.startsWith('Backup')) return error;
    const why = error instanceof Error ? error.message : String(error);
    const remedy = code !== undefined && remedies[code] ? `${code}, ${remedies[code]}` : why;
    return new BackupNotWrittenError(`A backup was not written to ${this.path}: ${remedy}. Older ones are untouched`, {
      cause: error,
    });
  }
}

/** Goes through the users once, for the digest and the counts of the header. */
async function digest(source: BackupSource, takenAt: Date, isEncrypted: boolean): Promise<Digested> {
  const hash = createHash('sha256');
  const ids: DeviceUserId[] = [];
  let credentials = 0;
  for await (const user of source.users()) {
    hash.update(lineOf(user, isEncrypted));
    ids.push(user.user.deviceUserId);
    credentials += isEncrypted
      ? user.credentials.length
      : user.credentials.filter(({ kind }) => kind === 'card').length;
  }
  const header: BackupHeader = {
    format: BACKUP_FORMAT,
    ...source.header,
    lacking: isEncrypted ? source.header.lacking : [WITHOUT_KEY, ...source.header.lacking],
    created_at: takenAt.toISOString(),
    users: ids.length,
    credentials,
    contents: isEncrypted ? 'everything' : 'attributes',
    digest: hash.digest('hex'),
  };
  return { header, ids };
}

async function* plainBytes(source: BackupSource, header: BackupHeader): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let users = 0;
  const head = encodeHeaderLine(header);
  hash.update(head);
  yield head;
  for await (const user of source.users()) {
    const line = lineOf(user, header.contents === 'everything');
    hash.update(line);
    users += 1;
    yield line;
  }
  yield encodeTrailerLine(users, hash);
}

function lineOf(user: UserSnapshot, isEncrypted: boolean): Buffer {
  return encodeUserLine(user, isEncrypted ? user.bytes : withoutSecrets(user.bytes));
}

async function* encrypted(plain: AsyncIterable<Buffer>, recipients: readonly string[]): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  yield* (await encrypter.encrypt(Readable.toWeb(Readable.from(plain)) as never)) as unknown as WebStream<Uint8Array>;
}

async function* hashed(bytes: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
}

/** A chunk that does not fit its key was changed, cut or swapped. */
async function* damageAsInvalid(stream: unknown): AsyncGenerator<Uint8Array> {
  try {
    yield* stream as WebStream<Uint8Array>;
  } catch (error) {
    if (error instanceof Error && (error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw new BadBackupError('it is damaged: its encryption does not fit');
  }
}

/** A file that lost its ending still is what it is. */
async function startsLikeAge(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(21), 0, 21, 0);
    return buffer.toString('latin1') === 'age-encryption.org/v1';
  } finally {
    await handle.close();
  }
}

/** A file under the name of another terminal, or of another time, would be taken for what it is not. @throws {BackupInvalidError} */
function requireOwnName(filename: string, { device: { slug }, created_at: at }: BackupHeader): void {
  const name = parseBackupFilename(filename);
  if (name?.slug === slug && name.takenAt.toISOString() === at) return;
  throw new BackupInvalidError(filename, 'its name is not the one that it was written under');
}
