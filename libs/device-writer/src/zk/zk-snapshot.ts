import { type NameEncoding } from '@app/device-gateway';
import { deviceUserOf, nameDecoder } from '@app/device-gateway/sessions';
import { decodeUserRecord, type TemplateRecord, widthOf } from '@app/zk-protocol';
import { decodeCanonical, encodeCanonical } from '../canonical.js';
import { credentialDigest, type CredentialMark, type SnapshotDepth, type UserSnapshot } from '../user-snapshot.js';

/** What a ZK terminal holds of one user. */
export interface ZkUser {
  readonly depth: SnapshotDepth;
  /** The whole record, undecoded bytes included. */
  readonly record: Buffer;
  /** By finger; none where only the attributes were read. */
  readonly templates: readonly Omit<TemplateRecord, 'slot'>[];
}

const HIGHEST_BYTE = 0xff;

/** The snapshot of a user. */
export function zkSnapshot(held: ZkUser, encoding: NameEncoding): UserSnapshot {
  const record = decodeUserRecord(held.record, widthOf(held.record));
  const templates = held.templates.map(({ finger, template }): CredentialMark => {
    return { kind: 'fingerprint', index: finger, digest: credentialDigest('fingerprint', template) };
  });
  const pin: CredentialMark[] = record.password.length > 0 ? [{ kind: 'pin', index: 0, digest: '' }] : [];
  const card: CredentialMark[] =
    record.card === 0 ? [] : [{ kind: 'card', index: 0, digest: credentialDigest('card', String(record.card)) }];
  return {
    depth: held.depth,
    user: deviceUserOf(record, nameDecoder(encoding)),
    credentials: [...pin, ...card, ...templates],
    bytes: encodeZkUser(held),
  };
}

/** The canonical bytes of a user. */
export function encodeZkUser({ depth, record, templates }: ZkUser): Buffer {
  return encodeCanonical(
    { protocol: 'zk', depth },
    {
      record: record.toString('base64'),
      templates: templates
        .toSorted((a, b) => a.finger - b.finger)
        .map(({ finger, flag, template }) => ({ finger, flag, template: template.toString('base64') })),
    },
  );
}

/** @throws {BadSnapshotError} */
export function decodeZkUser(bytes: Buffer): ZkUser {
  return decodeCanonical(bytes, 'zk', readZkUser, encodeZkUser);
}

function readZkUser(contents: Readonly<Record<string, unknown>>, depth: SnapshotDepth): ZkUser {
  const record = Buffer.from(contents.record as string, 'base64');
  widthOf(record);
  const templates = (contents.templates as { finger: number; flag: number; template: string }[]).map(
    ({ finger, flag, template }) => ({
      finger: byte(finger),
      flag: byte(flag),
      template: Buffer.from(template, 'base64'),
    }),
  );
  return { depth, record, templates };
}

function byte(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= HIGHEST_BYTE) return value;
  throw new RangeError('A finger and a flag are bytes');
}
