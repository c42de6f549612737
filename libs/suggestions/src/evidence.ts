import { type NameReason } from '@app/name-matching';

/**
 * What speaks for, or against, a person being the device user. Kinds are stable; the weights stand in `WEIGHTS` and in
 * docs/suggestions.md.
 */
export const EVIDENCE_KINDS = [
  'card',
  'card-elsewhere',
  'card-shared',
  'card-differs',
  'reference',
  'id-elsewhere',
  'name',
  'name-elsewhere',
  'name-differs',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** One thing that two records have in common, or that keeps them apart. */
export type Evidence =
  /** The user's card is the person's, and nobody else's. */
  | { readonly kind: 'card'; readonly cardNumber: string }
  /** The user's card is that of a user of another device who is mapped to the person. */
  | { readonly kind: 'card-elsewhere'; readonly cardNumber: string; readonly deviceId: string }
  /** The user's card is known for the person, and for `others` more people. */
  | { readonly kind: 'card-shared'; readonly cardNumber: string; readonly others: number }
  /** Both have a card, and not the same. */
  | { readonly kind: 'card-differs'; readonly shown: string; readonly known: string }
  /** The user's ID is the person's external reference. */
  | { readonly kind: 'reference'; readonly deviceUserId: string; readonly externalReference: string }
  /** The person has this ID on another device. */
  | { readonly kind: 'id-elsewhere'; readonly deviceUserId: string; readonly deviceId: string }
  /** The names are alike, 0 to 1; `rivals` other people's names are just as like. */
  | {
      readonly kind: 'name';
      readonly shown: string;
      readonly name: string;
      readonly likeness: number;
      readonly rivals: number;
      readonly words: readonly NameReason[];
    }
  /** Another device shows this very name for the person. */
  | { readonly kind: 'name-elsewhere'; readonly shown: string; readonly deviceId: string }
  /** Both have a name, and they have nothing in common. */
  | { readonly kind: 'name-differs'; readonly shown: string; readonly name: string };

/** How far each kind goes by itself, 0 to 1. Those of one kind count once. */
export const WEIGHTS = {
  /** A card that does not settle it. */
  cardShared: 0.6,
  referenceLong: 0.7,
  /** Of three characters or fewer: small numbers agree by accident. */
  referenceShort: 0.4,
  idElsewhere: 0.5,
  nameElsewhere: 0.6,
  /** Of equal names; falls with the square of the distance to `LEAST_NAME_LIKENESS`. */
  name: 0.9,
  /** What a likeness keeps of its weight when other people have it too. */
  rivalry: 0.8,
  /** What the sum keeps when the person has another card, or another name. */
  cardDiffers: 0.5,
  nameDiffers: 0.6,
  /** A card says who it is: never less than this, whatever else there is; and nothing else reaches it. */
  card: 0.96,
  withoutCard: 0.95,
} as const;

/** Names less alike than this say nothing. */
export const LEAST_NAME_LIKENESS = 0.5;

/**
 * One score of all evidence, 0 to 1: the doubts that each piece leaves are multiplied, so that agreeing pieces add up and
 * none counts for more than certainty. What contradicts lowers the whole, unless a card has settled it.
 */
export function scoreOf(evidence: readonly Evidence[]): number {
  const kinds = new Set(evidence.map(({ kind }) => kind));
  const strongest = new Map<EvidenceKind, number>();
  for (const piece of evidence) strongest.set(piece.kind, Math.max(strongest.get(piece.kind) ?? 0, weightOf(piece)));
  let doubt = 1;
  for (const weight of strongest.values()) doubt *= 1 - weight;
  const sum = 1 - doubt;
  if (kinds.has('card') || (kinds.has('card-elsewhere') && !kinds.has('card-differs')))
    return WEIGHTS.card + (1 - WEIGHTS.card) * (kinds.has('name-differs') ? 0 : sum);
  const contradicted =
    (kinds.has('card-differs') ? WEIGHTS.cardDiffers : 1) * (kinds.has('name-differs') ? WEIGHTS.nameDiffers : 1);
  return Math.min(WEIGHTS.withoutCard, sum * contradicted);
}

/** What one piece says by itself, 0 to 1; what contradicts is not added up. */
function weightOf(piece: Evidence): number {
  switch (piece.kind) {
    case 'card-shared':
    case 'card-elsewhere':
      return WEIGHTS.cardShared;
    case 'reference':
      return piece.deviceUserId.length > 3 ? WEIGHTS.referenceLong : WEIGHTS.referenceShort;
    case 'id-elsewhere':
      return WEIGHTS.idElsewhere;
    case 'name-elsewhere':
      return WEIGHTS.nameElsewhere;
    case 'name': {
      const beyond = Math.max(0, (piece.likeness - LEAST_NAME_LIKENESS) / (1 - LEAST_NAME_LIKENESS));
      return WEIGHTS.name * beyond * beyond * (piece.rivals > 0 ? WEIGHTS.rivalry : 1);
    }
    default:
      return 0;
  }
}
