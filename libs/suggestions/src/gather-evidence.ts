import { type BufferedUser } from '@app/buffer';
import { compareNames } from '@app/name-matching';
import { type RosterMapping, type RosterPerson } from '@app/people';
import { type Evidence, LEAST_NAME_LIKENESS } from './evidence.js';
import { canonicalCard, type RosterIndex } from './roster-index.js';

/** What is looked at of a buffered user. */
type ShownUser = Pick<BufferedUser, 'deviceId' | 'deviceUserId' | 'name' | 'cardNumber'>;

/** Names as like as the best but for this are its rivals. */
const EQUALLY_LIKE = 0.01;
/** Names less alike than this have nothing in common. */
const UNLIKE = 0.3;
/** How many people are considered for their name alone. */
const BY_NAME = 20;

/** Mappings in force on all devices, by what they share with a user. */
export interface MappingsElsewhere {
  readonly byId: ReadonlyMap<string, readonly RosterMapping[]>;
  readonly byName: ReadonlyMap<string, readonly RosterMapping[]>;
  readonly byCard: ReadonlyMap<string, readonly RosterMapping[]>;
}

export function mappingsElsewhere(mappings: readonly RosterMapping[]): MappingsElsewhere {
  return {
    byId: grouped(mappings, ({ deviceUserId }) => deviceUserId),
    byName: grouped(mappings, ({ name }) => name?.toLowerCase() ?? null),
    byCard: grouped(mappings, ({ cardNumber }) => canonicalCard(cardNumber)),
  };
}

/**
 * Everybody for whom something speaks, with what speaks for and against: the settling first, the contradicting last. Only
 * people of the index (they are active) whom `accepts` lets through.
 */
export function evidenceFor(
  user: ShownUser,
  index: RosterIndex,
  elsewhere: MappingsElsewhere,
  accepts: (personId: string) => boolean,
): Map<RosterPerson, Evidence[]> {
  const found = new Map<RosterPerson, Evidence[]>();
  const note = (personId: string, evidence: Evidence): void => {
    const person = accepts(personId) ? index.find(personId) : undefined;
    if (person === undefined) return;
    const known = found.get(person) ?? [];
    if (!known.some(({ kind }) => kind === evidence.kind)) found.set(person, [...known, evidence]);
  };
  noteCards(user, index, elsewhere, note);
  noteIds(user, index, elsewhere, note);
  noteNames(user, index, elsewhere, accepts, note);
  for (const [person, evidence] of found) evidence.push(...contradictions(user, person, evidence));
  return found;
}

type Note = (personId: string, evidence: Evidence) => void;

function noteCards(user: ShownUser, index: RosterIndex, elsewhere: MappingsElsewhere, note: Note): void {
  const cardNumber = canonicalCard(user.cardNumber);
  if (cardNumber === null) return;
  const holders = index.byCard(cardNumber);
  const users = (elsewhere.byCard.get(cardNumber) ?? []).filter(({ deviceId }) => deviceId !== user.deviceId);
  const known = new Set([...holders, ...users.map(({ personId }) => personId)]);
  if (known.size > 1) {
    for (const personId of known) note(personId, { kind: 'card-shared', cardNumber, others: known.size - 1 });
    return;
  }
  for (const personId of holders) note(personId, { kind: 'card', cardNumber });
  for (const { personId, deviceId } of users) note(personId, { kind: 'card-elsewhere', cardNumber, deviceId });
}

function noteIds(user: ShownUser, index: RosterIndex, elsewhere: MappingsElsewhere, note: Note): void {
  const { deviceUserId } = user;
  for (const personId of index.byReference(deviceUserId)) {
    const externalReference = index.find(personId)?.externalReference ?? deviceUserId;
    note(personId, { kind: 'reference', deviceUserId, externalReference });
  }
  for (const { personId, deviceId } of elsewhere.byId.get(deviceUserId) ?? [])
    if (deviceId !== user.deviceId) note(personId, { kind: 'id-elsewhere', deviceUserId, deviceId });
}

function noteNames(
  { name: shown, deviceId: own }: ShownUser,
  index: RosterIndex,
  elsewhere: MappingsElsewhere,
  accepts: (personId: string) => boolean,
  note: Note,
): void {
  if (!shown) return;
  const matches = index.byName(shown, BY_NAME, accepts).filter(({ score }) => score > LEAST_NAME_LIKENESS);
  for (const { id, score, reasons } of matches) {
    const rivals = matches.filter((other) => other.id !== id && other.score >= score - EQUALLY_LIKE).length;
    const name = index.find(id)?.name ?? '';
    note(id, { kind: 'name', shown, name, likeness: score, rivals, words: reasons });
  }
  for (const { personId, deviceId } of elsewhere.byName.get(shown.toLowerCase()) ?? [])
    if (deviceId !== own) note(personId, { kind: 'name-elsewhere', shown, deviceId });
}

function contradictions(user: ShownUser, person: RosterPerson, evidence: readonly Evidence[]): Evidence[] {
  const against: Evidence[] = [];
  const [shownCard, knownCard] = [canonicalCard(user.cardNumber), canonicalCard(person.cardNumber)];
  if (shownCard !== null && knownCard !== null && shownCard !== knownCard)
    against.push({ kind: 'card-differs', shown: shownCard, known: knownCard });
  const isNamed = evidence.some(({ kind }) => kind === 'name' || kind === 'name-elsewhere');
  if (user.name && !isNamed && /\p{L}/u.test(user.name)) {
    const { score } = compareNames(user.name, person.name);
    if (score < UNLIKE) against.push({ kind: 'name-differs', shown: user.name, name: person.name });
  }
  return against;
}

function grouped(
  mappings: readonly RosterMapping[],
  keyOf: (mapping: RosterMapping) => string | null,
): Map<string, RosterMapping[]> {
  const groups = new Map<string, RosterMapping[]>();
  for (const mapping of mappings) {
    const key = keyOf(mapping);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), mapping]);
  }
  return groups;
}
