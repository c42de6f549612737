import { type BufferedUser, DeviceUserBufferService } from '@app/buffer';
import { PeopleRoster, type RosterPerson } from '@app/people';
import { Injectable } from '@nestjs/common';
import { Breather } from './breather.js';
import { type Evidence, scoreOf } from './evidence.js';
import { evidenceFor, type MappingsElsewhere, mappingsElsewhere } from './gather-evidence.js';
import { RosterCache } from './roster-cache.js';
import { canonicalCard, type RosterIndex } from './roster-index.js';
import { AlreadyMappedError } from './suggestions.errors.js';

/** Who an unmapped device user may be, and why. */
export interface Suggestion {
  readonly person: RosterPerson;
  /** 0 to 1, in hundredths. */
  readonly score: number;
  /** What settles it first, what contradicts it last. */
  readonly evidence: readonly Evidence[];
}

export interface SuggestionsForUser {
  readonly user: BufferedUser;
  readonly suggestions: readonly Suggestion[];
}

/** Best suggestions per user in a list. */
const PER_USER = 3;

/** Says who unmapped device users may be. Maps nobody and writes nothing: a person decides. */
@Injectable()
export class SuggestionsService {
  constructor(
    private readonly buffer: DeviceUserBufferService,
    private readonly roster: PeopleRoster,
    private readonly cache: RosterCache,
  ) {}

  /**
   * The likeliest people for one buffered user, best first.
   * @throws {BufferedUserNotFoundError} @throws {AlreadyMappedError} @throws {RosterTooLargeError}
   */
  async forUser(id: string, limit: number): Promise<readonly Suggestion[]> {
    const user = await this.buffer.get(id);
    if (user.mappingStatus !== 'unmapped') throw new AlreadyMappedError(user.deviceUserId, user.mappingStatus);
    const [{ suggestions }] = await this.suggest([user], limit, 0);
    return suggestions;
  }

  /**
   * A page of the unmapped users, of one device or of all, in the order of their discovery, with the best suggestions
   * that reach `minScore`; a user for whom none does has none.
   * @throws {BadCursorError} @throws {RosterTooLargeError}
   */
  async list(
    filter: { readonly deviceId?: string; readonly minScore: number },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ readonly items: readonly SuggestionsForUser[]; readonly nextCursor: string | null }> {
    const { items, nextCursor } = await this.buffer.getUnmappedUsers(page, filter.deviceId);
    return { items: await this.suggest(items, PER_USER, filter.minScore), nextCursor };
  }

  private async suggest(
    users: readonly BufferedUser[],
    limit: number,
    minScore: number,
  ): Promise<SuggestionsForUser[]> {
    if (users.length === 0) return [];
    const index = await this.cache.current();
    const mapped = await this.roster.mappedOn([...new Set(users.map(({ deviceId }) => deviceId))]);
    const elsewhere = mappingsElsewhere(
      await this.roster.mappingsLike({
        deviceUserIds: users.map(({ deviceUserId }) => deviceUserId),
        names: users.flatMap(({ name }) => (name ? [name] : [])),
        cardNumbers: users.flatMap(({ cardNumber }) => canonicalCard(cardNumber) ?? []),
      }),
    );
    const breather = new Breather();
    const answers: SuggestionsForUser[] = [];
    for (const user of users) {
      const accepts = (personId: string): boolean => !mapped.has(`${user.deviceId}:${personId}`);
      answers.push({ user, suggestions: best(user, index, elsewhere, accepts, limit, minScore) });
      await breather.breathe();
    }
    return answers;
  }
}

function best(
  user: BufferedUser,
  index: RosterIndex,
  elsewhere: MappingsElsewhere,
  accepts: (personId: string) => boolean,
  limit: number,
  minScore: number,
): Suggestion[] {
  const suggestions: Suggestion[] = [];
  for (const [person, evidence] of evidenceFor(user, index, elsewhere, accepts)) {
    const score = Math.round(scoreOf(evidence) * 100) / 100;
    if (score > 0 && score >= minScore) suggestions.push({ person, score, evidence });
  }
  return suggestions
    .sort((a, b) => b.score - a.score || scoreOf(b.evidence) - scoreOf(a.evidence) || likenessOf(b) - likenessOf(a))
    .slice(0, limit);
}

function likenessOf({ evidence }: Suggestion): number {
  return Math.max(0, ...evidence.map((piece) => (piece.kind === 'name' ? piece.likeness : 0)));
}
