export const PERSON_TYPES = ['staff', 'student'] as const;
export type PersonType = (typeof PERSON_TYPES)[number];

/** Points at a row of the people table. */
export interface PersonRef {
  readonly personId: string;
  readonly personType: PersonType;
}
