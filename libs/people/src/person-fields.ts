import { PERSON_TYPES, type PersonType } from '@app/kernel';

/** In code points, after the canonical form is made. */
export const LONGEST_NAME = 200;
/** In code points, likewise. */
export const LONGEST_REFERENCE = 100;
/** In digits, without leading zeros. */
export const LONGEST_CARD = 20;

/** Why a value of a person is refused: a stable code, and a sentence that names the value and the bound. */
export interface FieldRefusal {
  readonly code: FieldRefusalCode;
  readonly message: string;
}

export type FieldRefusalCode =
  | 'type-unknown'
  | 'reference-missing'
  | 'reference-too-long'
  | 'reference-unprintable'
  | 'name-missing'
  | 'name-too-long'
  | 'name-unprintable'
  | 'card-not-digits'
  | 'card-too-long'
  | 'active-unknown';

/** A value in canonical form, or why there is none. */
export type Field<T> = { readonly value: T } | { readonly refusal: FieldRefusal };

/** Controls, halves of characters, line ends, and what turns the writing direction of all that follows. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** Joiners and the like: needed inside of names in some scripts, and nothing by themselves. */
const ONLY_INVISIBLE = /^[\p{Cf}\p{Z}]*$/u;
const SHOWN = 40;

/** A name of any script: NFC, trimmed, spaces collapsed; 1 to 200 characters, none of them a control. */
export function readName(text: string): Field<string> {
  const trimmed = text.trim();
  if (UNPRINTABLE.test(trimmed)) {
    return refused('name-unprintable', `the name ${shown(trimmed)} holds control characters; write it without them`);
  }
  const name = trimmed.replace(/\s+/gu, ' ').normalize('NFC');
  if (ONLY_INVISIBLE.test(name)) return refused('name-missing', 'there is no name; give one');
  const length = lengthOf(name);
  if (length > LONGEST_NAME) {
    return refused('name-too-long', `the name ${shown(name)} has ${length} characters; at most ${LONGEST_NAME} fit`);
  }
  return { value: name };
}

/** A key of the HR or school system: NFC, trimmed; 1 to 100 characters, none of them a control. Case and zeros count. */
export function readReference(text: string): Field<string> {
  const reference = text.trim().normalize('NFC');
  if (ONLY_INVISIBLE.test(reference)) {
    return refused('reference-missing', 'there is no external reference, so that the person could not be found again');
  }
  if (UNPRINTABLE.test(reference)) {
    return refused('reference-unprintable', `the external reference ${shown(reference)} holds control characters`);
  }
  const length = lengthOf(reference);
  if (length > LONGEST_REFERENCE) {
    const message = `the external reference ${shown(reference)} has ${length} characters; at most ${LONGEST_REFERENCE} fit`;
    return refused('reference-too-long', message);
  }
  return { value: reference };
}

/**
 * A card number: decimal digits without leading zeros. Empty is none, and so is 0, with which terminals say that there is
 * none.
 */
export function readCardNumber(text: string): Field<string | null> {
  const trimmed = text.trim();
  if (!/^[0-9]*$/.test(trimmed)) {
    const remedy = 'write the digits 0 to 9 only, and in a spreadsheet as text';
    return refused('card-not-digits', `the card number ${shown(trimmed)} is no decimal number; ${remedy}`);
  }
  const card = trimmed.replace(/^0+/, '');
  if (card.length > LONGEST_CARD) {
    const message = `the card number ${shown(card)} has ${card.length} digits; at most ${LONGEST_CARD} fit`;
    return refused('card-too-long', message);
  }
  return { value: card === '' ? null : card };
}

export function readPersonType(text: string): Field<PersonType> {
  const wanted = text.trim().toLowerCase();
  const type = PERSON_TYPES.find((each) => each === wanted);
  if (type) return { value: type };
  const what = wanted === '' ? 'there is no person type' : `the person type ${shown(wanted)} is unknown`;
  return refused('type-unknown', `${what}; it is ${PERSON_TYPES.join(' or ')}`);
}

/** `true`, `yes` or `1`; `false`, `no` or `0`; in any case. Empty says nothing: undefined. */
export function readActive(text: string): Field<boolean | undefined> {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return { value: undefined };
  if (['true', 'yes', '1'].includes(wanted)) return { value: true };
  if (['false', 'no', '0'].includes(wanted)) return { value: false };
  return refused('active-unknown', `active is ${shown(wanted)}; write true or false`);
}

function refused(code: FieldRefusalCode, message: string): { readonly refusal: FieldRefusal } {
  return { refusal: { code, message } };
}

function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** A value within a sentence: on one line, not too long, and nothing in it that PostgreSQL has no text for. */
function shown(text: string): string {
  const printable = text.replace(new RegExp(UNPRINTABLE, 'gu'), '\u{fffd}');
  const start = Array.from(printable).slice(0, SHOWN).join('');
  return `"${start}${start.length < printable.length ? '…' : ''}"`;
}
