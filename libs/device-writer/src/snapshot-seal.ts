import { SecretVault } from '@app/devices';
import { Injectable } from '@nestjs/common';
import { type UserSnapshot } from './user-snapshot.js';

/** Closes snapshots for the database and names them, since they hold PINs and templates. */
@Injectable()
export class SnapshotSeal {
  constructor(private readonly vault: SecretVault) {}

  /** The closed form of a snapshot; null: there is no user. */
  async close(snapshot: UserSnapshot | undefined): Promise<string | null> {
    return snapshot ? this.vault.close(snapshot.bytes.toString('base64')) : null;
  }

  /** The bytes that were closed; `DeviceWriter.decode` reads them. @throws {SecretKeyError} */
  async open(sealed: string): Promise<Buffer> {
    return Buffer.from(await this.vault.open(sealed), 'base64');
  }

  /**
   * Equal for equal users, hexadecimal; null: there is no user. Keyed, unlike `digestOf`: a record of which all is known
   * but a PIN of four digits would give the PIN away by its plain digest.
   */
  async digest(snapshot: UserSnapshot | undefined): Promise<string | null> {
    return snapshot ? (await this.vault.fingerprint(snapshot.bytes.toString('base64'))).toString('hex') : null;
  }
}
