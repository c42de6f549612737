import { createHash } from 'node:crypto';
import { type DeviceUserId } from '@app/kernel';
import { type SnapshotSeal } from '../snapshot-seal.js';
import { CompleteCopy, type CopyFacts } from '../terminal-copy.js';
import { type UserSnapshot } from '../user-snapshot.js';

/** What a copy consists of, once it is proven to be complete. */
export interface CopyContents extends AsyncDisposable {
  readonly facts: CopyFacts;
  /** In the order of `compareDeviceUserIds`. */
  readonly ids: readonly DeviceUserId[];
  /** @param place of the user in `ids` */
  snapshotAt(place: number): Promise<UserSnapshot>;
}

/** A copy whose users are put together from the spool when they are asked for. */
export class SpooledCopy extends CompleteCopy {
  private readonly places: ReadonlyMap<DeviceUserId, number>;

  private constructor(
    private readonly contents: CopyContents,
    private readonly seal: SnapshotSeal,
    readonly stateHash: string,
  ) {
    super();
    this.places = new Map(contents.ids.map((id, place) => [id, place]));
  }

  static async of(contents: CopyContents, seal: SnapshotSeal): Promise<SpooledCopy> {
    const hash = createHash('sha256');
    for (const [place, id] of contents.ids.entries()) {
      hash.update(`${id}:${await seal.digest(await contents.snapshotAt(place))}\n`);
    }
    return new SpooledCopy(contents, seal, hash.digest('hex'));
  }

  override get facts(): CopyFacts {
    return this.contents.facts;
  }

  override get ids(): readonly DeviceUserId[] {
    return this.contents.ids;
  }

  override async *snapshots(): AsyncIterable<UserSnapshot> {
    for (let place = 0; place < this.ids.length; place += 1) yield await this.contents.snapshotAt(place);
  }

  override async snapshotOf(id: DeviceUserId): Promise<UserSnapshot | undefined> {
    const place = this.places.get(id);
    return place === undefined ? undefined : this.contents.snapshotAt(place);
  }

  override async digest(id: DeviceUserId): Promise<string | null> {
    return this.seal.digest(await this.snapshotOf(id));
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.contents[Symbol.asyncDispose]();
  }
}
