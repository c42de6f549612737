import { type EmulatedUser } from '@app/device-emulator';
import { canonicalDeviceUserId } from '@app/kernel';
import fc from 'fast-check';

const LATIN = fc.constantFrom(
  'José Núñez',
  "Marta O'Neill",
  'Łukasz Öz',
  'Ann',
  '<b>Zoë</b>',
  '; drop table people',
  '%_\\',
);
const OTHERS = fc.constantFrom('አበበ በቀለ', 'ሰላም', 'أحمد حسن', 'فاطمة علي', '王小明', '李丽华', '张伟😀');
const ANY_BYTES = fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes.map((byte) => byte || 0x41)));

/** The bytes of a name: four scripts cut where the field ends, none, and bytes that are no text at all. */
export const nameBytes: fc.Arbitrary<Buffer> = fc.oneof(
  LATIN.map((name) => Buffer.from(name).subarray(0, 24)),
  OTHERS.map((name) => Buffer.from(name).subarray(0, 23)),
  fc.constant(Buffer.alloc(0)),
  ANY_BYTES,
);

const userId = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 999_999_999 }).map(String) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 9_999 }).map((id) => String(id).padStart(8, '0')) },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Z][A-Z0-9]{1,8}$/) },
);

const user: fc.Arbitrary<EmulatedUser> = fc.record({
  slot: fc.integer({ min: 1, max: 65_535 }),
  userId,
  name: nameBytes,
  privilege: fc.constantFrom(0, 1, 2, 6, 7, 10, 12, 14, 255),
  password: fc.oneof(fc.constant(''), fc.integer({ min: 0, max: 99_999_999 }).map(String)),
  card: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffff_ffff })),
  group: fc.integer({ min: 0, max: 255 }),
  ownZones: fc.boolean(),
  zones: fc.tuple(fc.nat({ max: 50 }), fc.nat({ max: 50 }), fc.nat({ max: 50 })),
});

/** What a terminal can hold: any users whose slots and canonical IDs are their own. */
export function deviceContent(maxLength = 40): fc.Arbitrary<EmulatedUser[]> {
  return fc
    .uniqueArray(user, { maxLength, selector: ({ slot }) => slot })
    .map((users) => [...new Map(users.map((each) => [canonicalDeviceUserId(each.userId), each])).values()]);
}
