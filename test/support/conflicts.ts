import { type ComparedAttribute } from '@app/conflict';
import { type EmulatedUser } from '@app/device-emulator';
import { canonicalDeviceUserId } from '@app/kernel';
import { type AdoptedAttributes, Person, UserMapping } from '@app/people';
import fc from 'fast-check';
import { type DataSource } from 'typeorm';
import { aUser } from './builders.js';
import { type SyncedKind } from './synced-terminals.js';

/** A user on a terminal, what the database holds of them, and in what the two differ, by construction. */
export interface Disagreement {
  readonly user: EmulatedUser;
  readonly person: { readonly name: string; readonly cardNumber: string | null };
  readonly adopted: AdoptedAttributes;
  readonly differing: readonly ComparedAttribute[];
}

/** A value on the device and in the database, and whether they are different. */
interface Pair<D, B = D> {
  readonly device: D;
  readonly database: B;
  readonly differs: boolean;
}

const NAMES = ['Mina Ward', 'José Núñez', 'አበበ በቀለ', '王小明 李', 'أحمد حسن', "Marta O'Neill"];
const LONG = 'Wolfeschlegelsteinhausenbergerdorff Ánna';
const CARDS = [7, 4_471, 12_345_678, 4_294_967_295];

const different = <T>(values: readonly T[]): fc.Arbitrary<[T, T]> =>
  fc.tuple(fc.constantFrom(...values), fc.constantFrom(...values)).filter(([device, database]) => device !== database);

function pairOf<T>(values: readonly T[]): fc.Arbitrary<Pair<T>> {
  return fc.oneof(
    fc.constantFrom(...values).map((value) => ({ device: value, database: value, differs: false })),
    different(values).map(([device, database]) => ({ device, database, differs: true })),
  );
}

const likeNames: fc.Arbitrary<Pair<string>> = fc
  .tuple(
    fc.constantFrom(...NAMES),
    fc.constantFrom<(name: string) => string>(
      (name) => name,
      (name) => name.normalize('NFD'),
      (name) => `  ${name.replace(' ', ' \t ')} `,
    ),
  )
  .map(([name, write]) => ({ device: name, database: write(name), differs: false }));

/** Names as a terminal shows them and people write them; `cutBytes`: also such as the terminal has cut. */
function names(cutBytes: number | undefined): fc.Arbitrary<Pair<string>> {
  const others = different(['', ...NAMES])
    .filter(([, database]) => database !== '')
    .map(([device, database]) => ({ device, database, differs: true }));
  const tooLong = { device: 'Mina Ward', database: LONG, differs: true };
  const cut = { device: Buffer.from(LONG).subarray(0, cutBytes).toString(), database: LONG, differs: false };
  return fc.oneof(likeNames, others, ...(cutBytes === undefined ? [] : [fc.constantFrom(cut, tooLong)]));
}

/** 0 on the device is none; the database may write zeros before a number, or nothing but zeros. */
const cards: fc.Arbitrary<Pair<number, string | null>> = fc.oneof(
  fc.constantFrom(...CARDS).map((card) => ({ device: card, database: String(card), differs: false })),
  fc.constantFrom(...CARDS).map((card) => ({ device: card, database: ` 000${card}`, differs: false })),
  fc.constantFrom(null, '', '000').map((database) => ({ device: 0, database, differs: false })),
  different([0, ...CARDS]).map(([device, card]) => ({
    device,
    database: card === 0 ? null : String(card),
    differs: true,
  })),
);

/** Any user and any database version of this kind of terminal; about half of the attributes differ. */
export function disagreement(kind: SyncedKind, slot: number): fc.Arbitrary<Disagreement> {
  const isZk = kind.name === 'zk';
  const none = fc.constant({ device: null, database: null, differs: false });
  return (
    fc
      .record({
        name: names(isZk ? 23 : undefined),
        card: cards,
        cardOfPerson: fc.boolean(),
        privilege: pairOf(isZk ? [0, 2, 14] : [0, 1]),
        group: isZk ? pairOf([1, 2, 200]) : none,
        zones: isZk ? pairOf([null, '1,2,3', '5,0,0']) : none,
        pin: pairOf([true, false]),
      })
      // An AiFace terminal does not tell the privilege of a user without any credential.
      .filter(({ card, pin }) => isZk || card.device !== 0 || pin.device)
      .map(({ name, card, cardOfPerson, privilege, group, zones, pin }) => ({
        user: aUser(slot, {
          name: Buffer.from(name.device),
          card: card.device,
          privilege: privilege.device,
          password: pin.device ? '4711' : '',
          group: group.device ?? 1,
          ownZones: zones.device !== null,
          zones: (zones.device ?? '0,0,0').split(',').map(Number),
        }),
        // A card of the person comes before an adopted one; a person without one leaves it to the mapping.
        person: { name: name.database, cardNumber: cardOfPerson ? card.database : null },
        adopted: {
          name: 'as it was',
          card_number: cardOfPerson && isCard(card.database) ? '999999' : card.database,
          privilege: privilege.database,
          group_id: group.database,
          timezone_id: zones.database,
          has_pin: pin.database,
        },
        differing: Object.entries({
          name,
          card_number: card,
          privilege,
          group_id: group,
          timezone_id: zones,
          has_pin: pin,
        })
          .filter(([, { differs }]) => differs)
          .map(([attribute]) => attribute as ComparedAttribute),
      }))
  );
}

/** Some users, each of whom may disagree in anything. */
export function disagreements(kind: SyncedKind, most = 3): fc.Arbitrary<Disagreement[]> {
  return fc
    .integer({ min: 1, max: most })
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, i) => disagreement(kind, i + 1))));
}

/** Maps the user of a disagreement as the database has it; gives the person's id. */
export async function mapDisagreement(
  dataSource: DataSource,
  deviceId: string,
  { user, person, adopted }: Pick<Disagreement, 'user' | 'person' | 'adopted'>,
): Promise<string> {
  const { id: personId } = await dataSource.getRepository(Person).save({ personType: 'staff', ...person });
  await dataSource.getRepository(UserMapping).save({
    deviceId,
    deviceUserId: canonicalDeviceUserId(user.userId),
    personId,
    personType: 'staff',
    adopted: { ...adopted },
    createdBy: 'test',
  });
  return personId;
}

function isCard(card: string | null): boolean {
  return card !== null && card.replace(/[0\s]/g, '') !== '';
}
