import { DeviceUserAuditService } from '@app/audit';
import { type Caller } from '@app/auth';
import { type Tx } from '@app/database';
import { type Actor, Clock, type Role } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { ApiKey } from './accounts.entities.js';
import { BadKeyError, KeyNotFoundError } from './accounts.errors.js';
import { hashOf, newKeyPrefix, newSecret } from './secret-token.js';

/** How exactly the last use is known. */
const TOUCH_EVERY_MS = 60_000;
const LONGEST_KEY_NAME = 100;

/** What a key begins with. */
export interface NewApiKey {
  readonly name: string;
  readonly role: Role;
  /** Undefined: it does not expire. */
  readonly expiresAt?: Date;
}

/** A key that was just made; the only time that it can be shown. */
export interface CreatedApiKey {
  readonly key: ApiKey;
  readonly secret: string;
}

/** Keys for programs: `hf_<8 characters>_<256 random bits>`, of which the first part and the SHA-256 are stored. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** Every key, also revoked and expired ones, oldest first. */
  async list(): Promise<ApiKey[]> {
    return this.keys.find({ order: { id: 'ASC' } });
  }

  /** Makes a key. @throws {BadKeyError} it has no name, or would have expired already */
  async create(wanted: NewApiKey, actor: Actor): Promise<CreatedApiKey> {
    const name = wanted.name.normalize('NFC').trim();
    const now = this.clock.now();
    if (name === '' || name.length > LONGEST_KEY_NAME)
      throw new BadKeyError(
        `A key needs a name of 1 to ${LONGEST_KEY_NAME} characters, and this one has ${name.length}`,
      );
    if (wanted.expiresAt && wanted.expiresAt <= now)
      throw new BadKeyError(`The key would have expired at ${wanted.expiresAt.toISOString()}; give a later instant`);
    const prefix = newKeyPrefix();
    const secret = `hf_${prefix}_${newSecret()}`;
    const { role, expiresAt = null } = wanted;
    const facts = { prefix, tokenHash: hashOf(secret), name, role, expiresAt };
    const key = await this.dataSource.transaction(async (tx) => {
      const { identifiers } = await tx.insert(ApiKey, { ...facts, createdAt: now, createdBy: actor.name });
      const created = await tx.findOneByOrFail(ApiKey, { id: String(identifiers[0].id) });
      await this.record(tx, 'key_created', created, actor);
      if (role === 'administrator') await tx.query('delete from setup_tokens');
      return created;
    });
    return { key, secret };
  }

  /** Makes a key useless at once. Safe to repeat. @throws {KeyNotFoundError} */
  async revoke(id: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const key = await tx.findOne(ApiKey, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (!key) throw new KeyNotFoundError(id);
      if (key.revokedAt) return;
      await tx.update(ApiKey, { id }, { revokedAt: this.clock.now() });
      await this.record(tx, 'key_revoked', key, actor);
    });
  }

  /** Finds a key as people name it: by id, or by its beginning with or without `hf_`. @throws {KeyNotFoundError} */
  async resolve(wanted: string): Promise<ApiKey> {
    const [, prefix] = /^(?:hf_)?([a-z0-9]{8})(?:_.*)?$/.exec(wanted) ?? [];
    const byPrefix = prefix === undefined ? null : await this.keys.findOne({ where: { prefix } });
    const found = byPrefix ?? (await this.findById(wanted));
    if (!found) throw new KeyNotFoundError(wanted.slice(0, 11));
    return found;
  }

  /** Whose key this is; undefined when it is none, was revoked or has expired. Notes the use. */
  async find(secret: string): Promise<Caller | undefined> {
    const key = await this.keys.findOne({ where: { tokenHash: hashOf(secret) } });
    const now = this.clock.now();
    if (!key || key.revokedAt || (key.expiresAt && key.expiresAt <= now)) return undefined;
    if (now.getTime() - (key.lastUsedAt?.getTime() ?? 0) >= TOUCH_EVERY_MS) {
      const touch = 'update api_keys set last_used_at = greatest(last_used_at, $2) where id = $1';
      await this.dataSource.query(touch, [key.id, now]);
    }
    const { role, name, expiresAt } = key;
    return { actor: { kind: role, name: actorNameOf(key) }, by: 'key', name, expiresAt };
  }

  private async findById(id: string): Promise<ApiKey | null> {
    return /^[1-9]\d{0,17}$/.test(id) ? this.keys.findOne({ where: { id } }) : null;
  }

  private async record(tx: Tx, operation: 'key_created' | 'key_revoked', key: ApiKey, actor: Actor): Promise<void> {
    const { name, role, expiresAt } = key;
    await this.audit.logOperation(tx, {
      operation,
      performedBy: actor,
      serviceName: 'accounts',
      details: { key: actorNameOf(key), name, role, expires_at: expiresAt?.toISOString() ?? null },
    });
  }
}

/** How the audit log names a program: by what may be shown of its key. */
function actorNameOf({ prefix, id }: ApiKey): string {
  return prefix === null ? `key:${id}` : `key:hf_${prefix}`;
}
