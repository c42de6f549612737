import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type ConflictDetail, type ForeseenResolution } from '../conflict-detail.js';
import { SIDES, type Side, STRATEGIES, type Strategy } from '../rules.js';
import { COMPARED_ATTRIBUTES, type ComparedAttribute } from '../user-version.js';
import { ConflictView, conflictView } from './conflict.view.js';

const MOVES = [...SIDES, 'both', 'neither'] as const;

/** What becomes of one attribute. */
export class OutcomeView {
  @ApiProperty({ enum: COMPARED_ATTRIBUTES }) readonly attribute: ComparedAttribute;
  @ApiProperty({ enum: SIDES, description: 'Whose value both will have; the other side is changed.' })
  readonly from: Side;
  @ApiProperty({ nullable: true, oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] })
  readonly value: string | number | boolean | null;
}

/** What a strategy would do, without choices. */
export class ForeseenResolutionView {
  @ApiProperty({ enum: STRATEGIES }) readonly strategy: Strategy;
  @ApiProperty({ type: OutcomeView, isArray: true }) readonly outcomes: readonly OutcomeView[];
  @ApiProperty({ description: 'Whether something is written to the device, or it is only read.' })
  readonly writes_device: boolean;
  @ApiProperty({ description: 'Whether name or card of the person change.' }) readonly changes_person: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'The code of why it would be refused.' })
  readonly refused: string | null;
  @ApiProperty({ type: String, isArray: true, description: 'What to think of first.' })
  readonly warnings: readonly string[];
}

export class ConflictPersonView {
  @ApiProperty() readonly id: string;
  @ApiProperty({ enum: PERSON_TYPES }) readonly person_type: PersonType;
  @ApiProperty({ type: String, nullable: true, description: 'Null: the person was deleted.' })
  readonly name: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly card_number: string | null;
}

/** A conflict with all that it takes to decide. */
export class ConflictDetailView extends ConflictView {
  @ApiProperty({ example: 'Front door' }) readonly device_name: string;
  @ApiProperty({ type: ConflictPersonView, nullable: true, description: 'Null: nobody is mapped to the user now.' })
  readonly person: ConflictPersonView | null;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: [...MOVES] },
    description: 'Which side moved on since both last agreed, by attribute.',
  })
  readonly moved: Readonly<Partial<Record<ComparedAttribute, (typeof MOVES)[number]>>>;
  @ApiProperty({ type: ForeseenResolutionView, isArray: true, description: 'Empty once it is settled.' })
  readonly strategies: readonly ForeseenResolutionView[];
}

export function conflictDetailView({ conflict, device, mapped, moved, foreseen }: ConflictDetail): ConflictDetailView {
  const person = mapped && {
    id: mapped.personId,
    person_type: mapped.personType,
    name: mapped.person?.name ?? null,
    card_number: mapped.person?.cardNumber ?? null,
  };
  const strategies = foreseen.map(foreseenView);
  return { ...conflictView(conflict), device_name: device.name, person: person ?? null, moved, strategies };
}

function foreseenView({ strategy, plan, values, warnings }: ForeseenResolution): ForeseenResolutionView {
  return {
    strategy,
    outcomes: plan.outcomes.map(({ attribute, from }) => ({ attribute, from, value: values[attribute] ?? null })),
    writes_device: Object.keys(plan.change).length > 0,
    changes_person: Object.keys(plan.person).length > 0,
    refused: plan.refusal?.code ?? null,
    warnings,
  };
}
