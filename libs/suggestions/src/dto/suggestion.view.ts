import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { EVIDENCE_KINDS, type EvidenceKind } from '../evidence.js';
import { wordsOf } from '../evidence-words.js';
import { type Suggestion, type SuggestionsForUser } from '../suggestions.service.js';

/** One thing that speaks for or against a suggestion. */
export class SuggestionReasonView {
  @ApiProperty({ enum: EVIDENCE_KINDS, description: 'Stable, for programs.' }) readonly kind: EvidenceKind;
  @ApiProperty({ example: 'Card 4711 is this person’s card', description: 'For people.' }) readonly detail: string;
}

/** Somebody who may be the device user. */
export class SuggestionView {
  @ApiProperty({ example: '17' }) readonly person_id: string;
  @ApiProperty({ enum: PERSON_TYPES }) readonly person_type: PersonType;
  @ApiProperty({ example: 'Mina Ward' }) readonly name: string;
  @ApiProperty({ type: String, nullable: true, example: 'E-0042' }) readonly external_reference: string | null;
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.87, description: 'How likely; two decimals.' })
  readonly score: number;
  @ApiProperty({ type: SuggestionReasonView, isArray: true, description: 'What speaks for it, then what against.' })
  readonly reasons: readonly SuggestionReasonView[];
}

export class SuggestionsView {
  @ApiProperty({ type: SuggestionView, isArray: true, description: 'The likeliest first.' })
  readonly items: readonly SuggestionView[];
}

/** An unmapped device user, and who it may be. */
export class SuggestionsForUserView {
  @ApiProperty({ example: '17', description: 'Of the buffer row.' }) readonly id: string;
  @ApiProperty({ example: '1' }) readonly device_id: string;
  @ApiProperty({ example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'M Ward' }) readonly name: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly card_number: string | null;
  @ApiProperty({
    type: SuggestionView,
    isArray: true,
    description: 'At most three, the likeliest first; may be empty.',
  })
  readonly suggestions: readonly SuggestionView[];
}

export function suggestionView({ person, score, evidence }: Suggestion): SuggestionView {
  return {
    person_id: person.personId,
    person_type: person.personType,
    name: person.name,
    external_reference: person.externalReference,
    score,
    reasons: evidence.map((piece) => ({ kind: piece.kind, detail: wordsOf(piece) })),
  };
}

export function suggestionsForUserView({ user, suggestions }: SuggestionsForUser): SuggestionsForUserView {
  return {
    id: user.id,
    device_id: user.deviceId,
    device_user_id: user.deviceUserId,
    name: user.name,
    card_number: user.cardNumber,
    suggestions: suggestions.map(suggestionView),
  };
}
