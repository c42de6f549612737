import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppConfig } from '@app/config';
import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupSetupError } from '../backup.errors.js';

const RECOVERY = 'recovery';
const OPERATIONAL = 'operational';
/** Rights of a key file that others must not have. */
const OTHERS = 0o077;

/** A public key that backups are encrypted to. */
export interface BackupRecipient {
  readonly recipient: string;
  /** `operational`, `recovery`, or what the file says of it. */
  readonly role: string;
}

/** What may be told of the keys; nothing of it is secret. */
export interface KeyStatus {
  readonly recipients: readonly BackupRecipient[];
  readonly recipientsFile: string;
  readonly keyFile: string;
  /** How many secret keys lie here; 0: backups can be written and not read on this host. */
  readonly identities: number;
}

/** Keys that were just made. The recovery key is nowhere else: whoever gets it prints it. */
export interface NewKeys {
  readonly recoveryKey: string;
  readonly status: KeyStatus;
}

/**
 * The keys of backups, in the forms of age. Files are encrypted to public keys, one of them operational and one for the
 * safe; the secret operational key lies in a file of its own with mode 0600, and hosts that only write need not have it.
 */
@Injectable()
export class BackupKeys {
  constructor(
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /** Whom files are encrypted to; empty: no key is configured. @throws {BackupSetupError} */
  async recipients(): Promise<readonly string[]> {
    return (await this.readRecipients()).map(({ recipient }) => recipient);
  }

  /** The secret keys of this host, newest first. @throws {BackupSetupError} the file is not as it must be */
  async identities(): Promise<readonly string[]> {
    const text = await readIfThere(this.keyFile);
    if (text === undefined) return [];
    const { mode } = await stat(this.keyFile);
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      throw new BackupSetupError(
        `${this.keyFile} may be read by others (mode ${(mode & 0o777).toString(8)}), so that it is not used: chmod 600 it`,
      );
    }
    const lines = linesOf(text);
    for (const [i, line] of lines.entries()) await this.requireKey(line, i + 1);
    return lines;
  }

  /** @throws {BackupSetupError} */
  async status(): Promise<KeyStatus> {
    return {
      recipients: await this.readRecipients(),
      recipientsFile: this.recipientsFile,
      keyFile: this.keyFile,
      identities: (await this.identities()).length,
    };
  }

  /** Makes both keys, once. @throws {BackupSetupError} there are keys already */
  async generate(): Promise<NewKeys> {
    for (const file of [this.recipientsFile, this.keyFile]) {
      if ((await readIfThere(file)) === undefined) continue;
      throw new BackupSetupError(
        `${file} is there already, and old backups need it; use "keys rotate" for a new operational key, or "keys recovery" ` +
          'for a new recovery key',
      );
    }
    const [operational, recovery] = [await generateX25519Identity(), await generateX25519Identity()];
    await this.writeKeys([await this.keyBlock(operational)]);
    await this.writeRecipients([
      { role: OPERATIONAL, recipient: await identityToRecipient(operational) },
      { role: RECOVERY, recipient: await identityToRecipient(recovery) },
    ]);
    return { recoveryKey: recovery, status: await this.status() };
  }

  /** A new operational key for new backups; the old one stays, for the old ones. @throws {BackupSetupError} */
  async rotate(): Promise<KeyStatus> {
    const recipients = await this.requireRecipients();
    const old = await this.identities();
    const known = new Set(await Promise.all(old.map((each) => identityToRecipient(each))));
    const identity = await generateX25519Identity();
    // The key first: a file that nobody can read would be worse than a key that nothing is encrypted to.
    await this.writeKeys([await this.keyBlock(identity), ...old]);
    const others = recipients.filter(
      ({ role, recipient }) => role === RECOVERY || (role !== OPERATIONAL && !known.has(recipient)),
    );
    await this.writeRecipients([{ role: OPERATIONAL, recipient: await identityToRecipient(identity) }, ...others]);
    return this.status();
  }

  /** A new recovery key for new backups; keep the old one for as long as there are old ones. @throws {BackupSetupError} */
  async replaceRecovery(): Promise<NewKeys> {
    const recipients = await this.requireRecipients();
    const recovery = await generateX25519Identity();
    const others = recipients.filter(({ role }) => role !== RECOVERY);
    await this.writeRecipients([...others, { role: RECOVERY, recipient: await identityToRecipient(recovery) }]);
    return { recoveryKey: recovery, status: await this.status() };
  }

  /** Never with the cause: age puts the key into its message. */
  private async requireKey(line: string, place: number): Promise<void> {
    try {
      await identityToRecipient(line);
    } catch {
      throw new BackupSetupError(
        `Key ${place} in ${this.keyFile} is no secret key of age, or has a letter wrong; put back your copy of it`,
      );
    }
  }

  private get keyFile(): string {
    return this.config.backupKeyFile ?? join(this.config.dataDir, 'backup.key');
  }

  private get recipientsFile(): string {
    return this.config.backupRecipientsFile ?? join(this.config.dataDir, 'backup-recipients.txt');
  }

  private async requireRecipients(): Promise<BackupRecipient[]> {
    const recipients = await this.readRecipients();
    if (recipients.length > 0) return recipients;
    throw new BackupSetupError(`There are no keys yet (${this.recipientsFile}); run "keys generate"`);
  }

  private async readRecipients(): Promise<BackupRecipient[]> {
    const text = await readIfThere(this.recipientsFile);
    if (text === undefined) return [];
    const found: BackupRecipient[] = [];
    let role = '';
    for (const line of text.split('\n').map((each) => each.trim())) {
      if (line.startsWith('#')) role = line.slice(1).trim();
      else if (line.startsWith('age1')) found.push({ recipient: line, role });
      else if (line !== '')
        throw new BackupSetupError(`${this.recipientsFile} holds a line that is no public key of age; mend it`);
    }
    if (found.length > 0) return found;
    throw new BackupSetupError(`${this.recipientsFile} holds no public key; put one in, or remove the file`);
  }

  private async keyBlock(identity: string): Promise<string> {
    const recipient = await identityToRecipient(identity);
    return `# created: ${this.clock.now().toISOString()}\n# public key: ${recipient}\n${identity}`;
  }

  private async writeKeys(blocks: readonly string[]): Promise<void> {
    await replaceFile(this.keyFile, `${blocks.join('\n')}\n`, 0o600);
  }

  private async writeRecipients(recipients: readonly BackupRecipient[]): Promise<void> {
    const text = recipients.map(({ role, recipient }) => `# ${role}\n${recipient}\n`).join('');
    await replaceFile(this.recipientsFile, text, 0o644);
  }
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new BackupSetupError(`${file} cannot be read (${code}); give this account the right to`, { cause });
  }
}

/** Whole or not at all. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(aside, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } finally {
    await rm(aside, { force: true });
  }
}
