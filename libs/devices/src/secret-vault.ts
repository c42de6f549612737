import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppConfig } from '@app/config';
import { Injectable } from '@nestjs/common';
import { SecretKeyError } from './devices.errors.js';

const KEY_FILE = 'holdfast.key';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORMAT = 'v1';

/**
 * Closes and opens comm keys with AES-256-GCM, so that a stolen database does not open terminals. The key lies in
 * `DATA_DIR/holdfast.key`, mode 0600, made when the first comm key is closed; several servers on one database need the
 * same file.
 */
@Injectable()
export class CommKeyVault {
  private key?: Promise<Buffer>;

  constructor(private readonly config: AppConfig) {}

  /** Closed form of a comm key; null for 0, which means that there is none. */
  async close(commKey: number): Promise<string | null> {
    if (commKey === 0) return null;
    const nonce = randomBytes(NONCE_BYTES);
    await this.makeKeyOnce();
    const cipher = createCipheriv('aes-256-gcm', await this.loadKey(), nonce);
    const body = Buffer.concat([cipher.update(String(commKey), 'utf8'), cipher.final()]);
    return `${FORMAT}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
  }

  /**
   * The comm key of a stored text, 0 for null.
   * @throws {SecretKeyError} the key file is not there, or not the one that closed it
   */
  async open(closed: string | null): Promise<number> {
    if (closed === null) return 0;
    const bytes = Buffer.from(closed.slice(FORMAT.length + 1), 'base64url');
    const key = await this.loadKey();
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return Number(Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8'));
    } catch (cause) {
      throw new SecretKeyError(
        `A stored comm key cannot be opened with ${KEY_FILE} in DATA_DIR; put back the file that it was closed with, ` +
          'or add the device again',
        { cause },
      );
    }
  }

  private loadKey(): Promise<Buffer> {
    this.key ??= this.readKey().catch((error: unknown) => {
      this.key = undefined;
      throw error;
    });
    return this.key;
  }

  private async readKey(): Promise<Buffer> {
    const text = await this.readKeyFile();
    if (text === undefined) {
      throw new SecretKeyError(
        `${KEY_FILE} is not in DATA_DIR, and stored comm keys were closed with it; copy it from the server that has it, ` +
          'or add the devices again',
      );
    }
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length === KEY_BYTES) return key;
    throw new SecretKeyError(`${KEY_FILE} in DATA_DIR is damaged; put back your copy of it`);
  }

  /** Whole or not at all: written aside and linked, so that two processes starting at once end with one key. */
  private async makeKeyOnce(): Promise<void> {
    if ((await this.readKeyFile()) !== undefined) return;
    await mkdir(this.config.dataDir, { recursive: true });
    const aside = `${this.file}.${randomBytes(6).toString('hex')}`;
    await writeFile(aside, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
    try {
      await link(aside, this.file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      await rm(aside, { force: true });
    }
  }

  /** Undefined: there is none. */
  private async readKeyFile(): Promise<string | undefined> {
    try {
      return await readFile(this.file, 'utf8');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw new SecretKeyError(`${KEY_FILE} in DATA_DIR cannot be read (${code}); give this account the right to`, {
        cause,
      });
    }
  }

  private get file(): string {
    return join(this.config.dataDir, KEY_FILE);
  }
}
