import { type PersonType } from '@app/kernel';
import {
  type Field,
  type FieldRefusal,
  type FieldRefusalCode,
  readActive,
  readCardNumber,
  readName,
  readPersonType,
  readReference,
} from '../person-fields.js';

/** What an import can tell of a person; the columns of a file, the properties of a row sent by API. */
export const PERSON_COLUMNS = ['person_type', 'external_reference', 'name', 'card_number', 'active'] as const;
export type PersonColumn = (typeof PERSON_COLUMNS)[number];

/** The texts of a row; undefined: the column is not there. */
export type PersonCells = Readonly<Partial<Record<PersonColumn, string>>>;

export type RowRefusalCode = FieldRefusalCode | 'cell-count' | 'duplicate-reference' | 'not-a-person' | 'not-text';

/** Why a row is refused. */
export interface RowRefusal {
  readonly code: RowRefusalCode;
  readonly message: string;
}

/** A row as it is staged: canonical values, or why they cannot be. */
export interface PersonRow {
  /** Where it stands: the line of a file in which it begins, or its place in a list, from 1. */
  readonly line: number;
  readonly personType: PersonType | null;
  readonly externalReference: string | null;
  readonly name: string | null;
  readonly cardNumber: string | null;
  /** Whether the row says anything about a card; else a known person keeps the card. */
  readonly isCardTold: boolean;
  /** Null: nothing is said; a new person is active, a known one stays as it is. */
  readonly active: boolean | null;
  readonly refusals: readonly RowRefusal[];
}

/** Reads the cells of a row; all that is wrong with it is named together. */
export function readPersonRow(line: number, cells: PersonCells, defaultType?: PersonType): PersonRow {
  const refusals: FieldRefusal[] = [];
  const take = <T>(field: Field<T>): T | undefined => {
    if ('value' in field) return field.value;
    refusals.push(field.refusal);
    return undefined;
  };
  const typeText = cells.person_type?.trim() || (defaultType ?? '');
  return {
    line,
    personType: take(readPersonType(typeText)) ?? null,
    externalReference: take(readReference(cells.external_reference ?? '')) ?? null,
    name: take(readName(cells.name ?? '')) ?? null,
    cardNumber: take(readCardNumber(cells.card_number ?? '')) ?? null,
    isCardTold: cells.card_number !== undefined,
    active: take(readActive(cells.active ?? '')) ?? null,
    refusals,
  };
}

/** A row that cannot be read at all: it could be anybody's. */
export function unreadableRow(line: number, refusal: RowRefusal): PersonRow {
  const nothing = { personType: null, externalReference: null, name: null, cardNumber: null, active: null };
  return { line, ...nothing, isCardTold: false, refusals: [refusal] };
}
