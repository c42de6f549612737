import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
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
 * Closes and opens with AES-256-GCM what must not lie open in the database: comm keys, templates, PINs. So a stolen
 * database opens no terminal and copies no finger. The key lies in `DATA_DIR/holdfast.key`, mode 0600, made when it is
 * first needed; several servers on one database need the same file.
 */
@Injectable()
export class SecretVault {
  private key?: Promise<Buffer>;

  constructor(private readonly config: AppConfig) {}

  /** The closed form of a text; another one each time. */
  async close(text: string): Promise<string> {
    const nonce = randomBytes(NONCE_BYTES);
    await this.makeKeyOnce();
    const cipher = createCipheriv('aes-256-gcm', await this.loadKey(), nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${FORMAT}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`;
  }

  /**
   * The text that was closed.
   * @throws {SecretKeyError} the key file is not there, or not the one that closed it
   */
  async open(closed: string): Promise<string> {
    const bytes = Buffer.from(closed.slice(FORMAT.length + 1), 'base64url');
    const key = await this.loadKey();
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const body = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new SecretKeyError(
        `A stored secret cannot be opened with ${KEY_FILE} in DATA_DIR; put back the file that it was closed with, ` +
          'or, if it is a comm key, add the device again',
        { cause },
      );
    }
  }

  /** Equal for equal texts, and of no use to whoever has no key: a PIN has too few digits for a plain digest. */
  async fingerprint(text: string): Promise<Buffer> {
    await this.makeKeyOnce();
    return createHmac('sha256', await this.loadKey())
      .update(text, 'utf8')
      .digest();
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
        `${KEY_FILE} is not in DATA_DIR, and stored secrets were closed with it; copy it from the server that has it, ` +
          'or add devices with a comm key again',
      );
    }
    const key = Buffer.from(text.trim(), 'base64');
    if (key.length === KEY_BYTES) return key;
    throw new SecretKeyError(`${KEY_FILE} in DATA_DIR is damaged; put back your copy of it`);
  }

  /** Whole or not at all: written aside and linked, so that two processes starting at once end with one key. */
  private async makeKeyOnce(): Promise<void> {
    if (this.key !== undefined) return; // it was read, so it is there
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
