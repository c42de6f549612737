import { type DeviceUserId } from '@app/kernel';
import { describe, expect, it } from '@jest/globals';
import { type DisappearanceEvidence, type LoggedOperation, rankCauses, type UserTraits } from './index.js';

const AFTER = new Date('2026-03-26T10:00:00Z');
const UNTIL = new Date('2026-03-26T10:05:00Z');

function minutes(past: number): Date {
  return new Date(AFTER.getTime() + past * 60_000);
}

function user(id: string, slot: number | null, traits: Partial<UserTraits> = {}): UserTraits {
  return { deviceUserId: id as DeviceUserId, slot, name: null, cardNumber: null, ...traits };
}

function operation(past: number, number: number, parameter = 0, operator = 3): LoggedOperation {
  return { at: minutes(past), operation: number, operator, parameters: [parameter, 0, 0, 0] };
}

/** One of 100 users lost, and nothing that tells why. */
function loss(facts: Partial<DisappearanceEvidence> = {}): DisappearanceEvidence {
  return {
    lost: [user('4711', 12)],
    knownUsers: 100,
    remainingUsers: 99,
    period: { after: AFTER, until: UNTIL },
    arrived: [],
    before: { clockDriftSeconds: 10 },
    now: { clockDriftSeconds: 10 },
    ownWrites: [],
    foreignChanges: [],
    ownSessions: [],
    unreachable: [],
    ...facts,
  };
}

const everybody = Array.from({ length: 20 }, (_, i) => user(String(100 + i), i + 1));
const emptied = { lost: everybody, knownUsers: 20, remainingUsers: 0 };

function causes(facts: Partial<DisappearanceEvidence>): string[] {
  return rankCauses(loss(facts)).map(({ cause, confidence }) => `${cause} ${confidence}`);
}

function ownDelete(past: number, state: 'done' | 'undetermined' | 'not_done'): DisappearanceEvidence['ownWrites'] {
  return [{ deviceUserId: '4711' as DeviceUserId, kind: 'delete', state, at: minutes(past), by: 'olga' }];
}

it('says unknown with what was looked at when nothing speaks for a cause', () => {
  const [only, ...rest] = rankCauses(loss());
  expect(rest).toEqual([]);
  expect(only).toMatchObject({ cause: 'unknown', confidence: 'none', score: 0, device_user_ids: ['4711'] });
  expect(only.evidence.join(' ')).toContain('operation log was not read');
});

it('names operator, operation, slot and time of a deletion at the keypad', () => {
  const [{ cause, confidence, evidence }] = rankCauses(loss({ operations: [operation(2, 9, 12)] }));
  expect([cause, confidence]).toEqual(['keypad_deletion', 'proven']);
  expect(evidence[0]).toContain('“user deleted” (9) by operator 3 at 2026-03-26T10:02:00Z for slot 12');
});

it('adds unknown, last, with those whom no cause explains', () => {
  const ranked = rankCauses(loss({ lost: [user('4711', 12), user('4712', 13)], operations: [operation(2, 9, 12)] }));
  expect(ranked.map(({ cause, device_user_ids }) => [cause, device_user_ids])).toEqual([
    ['keypad_deletion', ['4711']],
    ['unknown', ['4712']],
  ]);
});

describe('takes no cause from', () => {
  const daily = [5, 4, 3, 2, 1].map((days) => ({ after: minutes(-days * 1440), until: minutes(5 - days * 1440) }));
  it.each<[string, Partial<DisappearanceEvidence>]>([
    ['a deletion of the slot long before the last good read', { operations: [operation(-30, 9, 12)] }],
    ['a deletion of another slot', { operations: [operation(2, 9, 13)] }],
    ['a deletion without a date', { operations: [{ ...operation(2, 9, 12), at: null }] }],
    [
      'cards, punches, privileges and settings at the keypad',
      { operations: [14, 20, 23, 24, 5].map((n) => operation(2, n, 12)) },
    ],
    [
      'a deletion before the last good read in a slot that was taken anew, though the clock is not known',
      { before: {}, now: {}, operations: [operation(-5, 9, 12), operation(-3, 30, 12)] },
    ],
    [
      'a restart just before the last good read, though the clock is not known',
      { before: {}, now: {}, operations: [operation(-4, 1), operation(-3, 0)] },
    ],
    ['a restart hours before', { operations: [operation(-50, 1), operation(-49, 0)] }],
    [
      'a silence that the log knows nothing of',
      { operations: [operation(-9, 4)], unreachable: [{ from: minutes(1), until: minutes(3) }] },
    ],
    ['a silence of an hour', { unreachable: [{ from: minutes(1), until: minutes(61) }] }],
    ['a firmware and a serial number that were not known before', { now: { firmware: 'B', serialNumber: 'S2' } }],
    [
      'a clock that was absurd before as well',
      { before: { clockShows: '2000-01-01 00:00:01' }, now: { clockShows: '2000-01-01 00:05:01' } },
    ],
    ['an absurd clock that was not known before', { before: {}, now: { clockShows: '2000-01-01 00:05:01' } }],
    ['a full memory into which nobody came', { now: { users: 1000, userCapacity: 1000 } }],
    ['our delete that was proven not done', { ownWrites: ownDelete(1, 'not_done') }],
    ['our delete of last week', { ownWrites: ownDelete(-10_000, 'done') }],
    [
      'our delete that a put of ours undid',
      { ownWrites: [...ownDelete(1, 'done'), { ...ownDelete(2, 'done')[0], kind: 'put' as const }] },
    ],
    [
      'a card that another person got',
      {
        lost: [user('4711', 12, { cardNumber: '77', name: 'Hana Ito' })],
        arrived: [user('9', 12, { cardNumber: '77', name: 'Omar Rao' })],
      },
    ],
    [
      'a name that two of them have',
      {
        lost: [user('4711', 12, { name: 'Hana Ito' })],
        arrived: ['8', '9'].map((id) => user(id, 12, { name: 'Hana Ito' })),
      },
    ],
    ['arrivals every day', { foreignChanges: daily.map((window) => ({ ...window, departed: 0, arrived: 2 })) }],
    [
      'removals at no fixed time',
      {
        foreignChanges: [3301, 2617, 1999, 1103, 371].map((past) => ({
          after: minutes(-past),
          until: minutes(5 - past),
          departed: 1,
          arrived: 0,
        })),
      },
    ],
    [
      'two removals a day apart',
      { foreignChanges: daily.slice(3).map((window) => ({ ...window, departed: 1, arrived: 0 })) },
    ],
  ])('%s', (_, facts) => {
    expect(causes(facts)).toEqual(['unknown none']);
  });
});

describe('finds', () => {
  const card = { cardNumber: '0077', name: 'Jose Núñez' };
  it.each<[string, Partial<DisappearanceEvidence>, string[]]>([
    ['a done delete of ours', { ownWrites: ownDelete(1, 'done') }, ['own_write proven']],
    ['a delete of ours whose end is not known', { ownWrites: ownDelete(-6, 'undetermined') }, ['own_write likely']],
    [
      'our own delete behind an entry without operator',
      { ownWrites: ownDelete(1, 'done'), operations: [operation(1, 9, 12, 0)] },
      ['own_write proven'],
    ],
    [
      'a deletion though the clock was put forward an hour meanwhile',
      { now: { clockDriftSeconds: 3_610 }, operations: [operation(-58, 9, 12)] },
      ['keypad_deletion proven'],
    ],
    ['a deleted credential', { operations: [operation(2, 10, 12)] }, ['keypad_deletion likely']],
    [
      'a deletion by ID where the slot is not known',
      { lost: [user('4711', null)], operations: [operation(2, 9, 4711)] },
      ['keypad_deletion likely'],
    ],
    [
      'cleared data, with the restart that follows',
      { ...emptied, operations: [operation(2, 13), operation(3, 1), operation(4, 0)] },
      ['data_cleared proven'],
    ],
    [
      'a logged factory reset',
      { ...emptied, operations: [operation(2, 22), operation(4, 0)] },
      ['factory_reset proven'],
    ],
    ['a reset by the clock', { ...emptied, now: { clockShows: '2000-01-01 00:03:12' } }, ['factory_reset likely']],
    [
      'a power failure by the clock, when the users stayed',
      { now: { clockShows: '2000-01-01 00:03:12' } },
      ['restart possible'],
    ],
    [
      'another terminal, whatever else is new',
      {
        ...emptied,
        before: { serialNumber: 'A', firmware: '1' },
        now: { serialNumber: 'B', firmware: '2' },
        operations: [operation(2, 0)],
      },
      ['terminal_replaced proven'],
    ],
    [
      'an upgrade with its restart',
      { before: { firmware: '1' }, now: { firmware: '2' }, operations: [operation(2, 0)] },
      ['firmware_change likely'],
    ],
    ['a restart that may have lost somebody', { operations: [operation(2, 0)] }, ['restart possible']],
    [
      'a restart that lost the newest',
      { lost: [user('4711', 12, { firstSeenAt: minutes(-90) })], operations: [operation(2, 0)] },
      ['restart likely'],
    ],
    [
      'a full memory',
      { before: { users: 1000, userCapacity: 1000 }, arrived: [user('9', 1000)] },
      ['memory_full likely'],
    ],
    [
      'a new number by template',
      {
        lost: [user('4711', 12, { templateDigests: ['a', 'b'] })],
        arrived: [user('9', 12, { templateDigests: ['b'] })],
      },
      ['renumbered proven'],
    ],
    [
      'a new number by card and name',
      { lost: [user('4711', 12, card)], arrived: [user('9', 13, { cardNumber: '77', name: 'JOSE NUNEZ' })] },
      ['renumbered proven'],
    ],
    [
      'a new number by card',
      { lost: [user('4711', 12, card)], arrived: [user('9', 13, { cardNumber: '77' })] },
      ['renumbered likely'],
    ],
    [
      'a new number by name',
      {
        lost: [user('4711', 12, card)],
        arrived: [user('9', 13, { name: 'Nunez' }), user('8', 14, { name: 'José  Nuñez' })],
      },
      ['renumbered possible'],
    ],
    [
      'a new number that an operator gave',
      {
        lost: [user('4711', 12, card)],
        arrived: [user('9', 13, card)],
        operations: [operation(2, 9, 12), operation(3, 30, 13)],
      },
      ['renumbered proven', 'keypad_deletion proven'],
    ],
    ['a wipe that a working log does not know', { ...emptied, operations: [operation(-9, 4)] }, ['bulk_wipe possible']],
  ])('%s', (_, facts, expected) => {
    expect(causes(facts)).toEqual(expected);
  });

  it.each([
    [1440, 'every 24 h'],
    [10_080, 'every 7 days'],
    [360, 'every 6 h'],
  ])('a program that comes back every %d minutes', (every, text) => {
    const foreignChanges = [5, 4, 2, 1].map((rounds) => ({
      after: minutes(-rounds * every - 2),
      until: minutes(3 - rounds * every),
      departed: 1,
      arrived: 0,
    }));
    const [{ cause, confidence, evidence }] = rankCauses(loss({ foreignChanges }));
    expect([cause, confidence]).toEqual(['other_program', 'likely']);
    expect(evidence[0]).toContain(text);
  });
});
