import { type DisappearanceEvidence, type UserTraits } from './evidence.js';
import { type Finding } from './finding.js';
import { between } from './wording.js';

type Likeness = 'templates' | 'card and name' | 'card' | 'name';
interface Move {
  readonly from: UserTraits;
  readonly to: UserTraits;
  readonly by: Likeness;
}
const CONFIDENCE = { templates: 'proven', 'card and name': 'proven', card: 'likely', name: 'possible' } as const;
const STRENGTH = { proven: 3, likely: 2, possible: 1 } as const;

/** A lost user who is there under another ID that arrived in the same period, told by template, card or name. */
export function renumbered(evidence: DisappearanceEvidence): Finding | undefined {
  const moves = evidence.lost.flatMap((user) => moveOf(user, evidence));
  const best = Math.max(0, ...moves.map(({ by }) => STRENGTH[CONFIDENCE[by]]));
  const told = moves.filter(({ by }) => STRENGTH[CONFIDENCE[by]] === best);
  if (told.length === 0) return undefined;
  return {
    cause: 'renumbered',
    confidence: CONFIDENCE[told[0].by],
    weight: 1,
    // A weaker likeness of others is told below and, beside stronger ones of the same act, believed.
    users: moves.map(({ from }) => from),
    evidence: moves.map(({ from, to, by }) => sentence(from, to, by, evidence)),
  };
}

function moveOf(from: UserTraits, { lost, arrived }: DisappearanceEvidence): Move[] {
  const candidates = arrived.filter(({ deviceUserId }) => deviceUserId !== from.deviceUserId);
  for (const by of ['templates', 'card and name', 'card', 'name'] as const) {
    const alike = candidates.filter((to) => isAlike(from, to, by));
    // Two who are alike tell nobody which of them it is.
    if (alike.length !== 1 || lost.filter((other) => isAlike(other, alike[0], by)).length !== 1) continue;
    return [{ from, to: alike[0], by }];
  }
  return [];
}

function isAlike(a: UserTraits, b: UserTraits, by: Likeness): boolean {
  if (by === 'templates') return (a.templateDigests ?? []).some((digest) => b.templateDigests?.includes(digest));
  const sameName = plainName(a) !== '' && plainName(a) === plainName(b);
  if (by === 'name') return sameName;
  const sameCard = card(a) !== '' && card(a) === card(b);
  if (by === 'card and name') return sameCard && sameName;
  return sameCard && !areStrangers(a, b);
}

/** A card is handed on: two whole names with hardly a word in common are two people, relatives perhaps. */
function areStrangers(a: UserTraits, b: UserTraits): boolean {
  const [shorter, longer] = [plainName(a), plainName(b)]
    .map((name) => name.split(' '))
    .sort((x, y) => x.length - y.length);
  if (plainName(a) === '' || plainName(b) === '') return false;
  return shorter.filter((word) => longer.includes(word)).length * 2 <= shorter.length;
}

/** Without case, accents, punctuation and superfluous blanks; a terminal that shows the ID for a name shows none. */
function plainName({ name }: UserTraits): string {
  const plain = (name ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return /\p{L}/u.test(plain) ? plain : '';
}

function card({ cardNumber }: UserTraits): string {
  return (cardNumber ?? '').trim().replace(/^0+/, '');
}

function sentence(from: UserTraits, to: UserTraits, by: Likeness, { period }: DisappearanceEvidence): string {
  return `User ${from.deviceUserId} vanished and user ${to.deviceUserId} appeared ${between(period)} with the same ${by}: ${from.deviceUserId} → ${to.deviceUserId}.`;
}
