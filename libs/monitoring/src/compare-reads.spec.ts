import { describe, expect, it } from '@jest/globals';
import { type DeviceUser } from '@app/device-gateway';
import { canonicalDeviceUserId, slot } from '@app/kernel';
import fc from 'fast-check';
import { compareReads, type KnownUser } from './compare-reads.js';

const AT = new Date('2026-01-31T09:45:00Z');
const GONE = { lastSeenAt: AT, goneAt: AT };

function user(number: number, name = `User ${number}`): DeviceUser {
  return {
    deviceUserId: canonicalDeviceUserId(String(number)),
    rawUserId: String(number),
    slot: slot(number),
    details: { name, nameBytes: Buffer.from(name), cardNumber: null },
    privilege: 0,
    groupId: null,
    timezoneId: null,
    hasPin: false,
  };
}

function known(number: number, missing = false): KnownUser {
  const { deviceUserId } = user(number);
  const traits = { slot: number, name: `User ${number}`, cardNumber: null };
  return { stayId: String(number), deviceUserId, ...traits, firstSeenAt: AT, missingSince: missing ? GONE : null };
}

const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
const idsOf = (users: readonly { readonly deviceUserId: string }[]): string[] =>
  users.map(({ deviceUserId }) => deviceUserId).toSorted();
const texts = (values: readonly number[]): string[] => values.map(String).toSorted();

describe('two complete reads', () => {
  it('differ in exactly A without B and B without A, whatever their counts', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const difference = compareReads(
          a.map((number) => known(number)),
          b.map((number) => user(number)),
        );
        expect(idsOf(difference.departed)).toEqual(texts(a.filter((number) => !b.includes(number))));
        expect(idsOf(difference.arrived)).toEqual(texts(b.filter((number) => !a.includes(number))));
        expect(difference.changed).toEqual([]);
      }),
      { numRuns: 10_000 },
    );
  });

  it('leave whoever is missed missing until they are read again', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), numbers, (all, pick, b) => {
        const missed = all.filter((_, i) => (pick >> (i % 31)) & 1);
        const difference = compareReads(
          all.map((number) => known(number, missed.includes(number))),
          b.map((number) => user(number)),
        );
        expect(idsOf(difference.returned)).toEqual(texts(missed.filter((number) => b.includes(number))));
        expect(idsOf(difference.stillMissing)).toEqual(texts(missed.filter((number) => !b.includes(number))));
        expect(idsOf(difference.departed)).toEqual(
          texts(all.filter((number) => !missed.includes(number) && !b.includes(number))),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('tell of another name, slot or card, and nothing of what was not asked for', () => {
    const renamed = compareReads([known(1), known(2)], [user(1, 'Mina'), { ...user(2), details: undefined }]);
    expect(renamed.changed.map(({ known: { stayId }, traits }) => [stayId, traits.name])).toEqual([['1', 'Mina']]);
    const moved = compareReads([known(1)], [{ ...user(1), slot: slot(9) }]);
    expect(moved.changed).toHaveLength(1);
  });
});
