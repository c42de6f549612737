import { describe, expect, it } from '@jest/globals';
import { slot } from '@app/kernel';
import { encodeUserRecord, type UserRecord, type UserRecordWidth } from '@app/zk-protocol';
import { aifaceSnapshot, type AifaceUser } from './aiface/aiface-snapshot.js';
import { type ForecastFacts, RestoreForecast, traitsOf } from './restore-forecast.js';
import { type UserSnapshot } from './user-snapshot.js';
import { decodeZkUser, zkSnapshot } from './zk/zk-snapshot.js';

const SAME = { sameTerminal: true, wantedAlgorithm: '10' };
const OTHER = { ...SAME, sameTerminal: false };
const ZK: ForecastFacts = {
  identity: { serialNumber: 'ONE' },
  protocol: 'zk',
  fingerprintAlgorithm: '10',
  recordWidth: 72,
  counters: { users: 0, templates: 0, userCapacity: 0, templateCapacity: 0 },
};
const AIFACE: ForecastFacts = {
  ...ZK,
  protocol: 'aiface',
  identity: { serialNumber: 'ONE', firmware: 'ai806_f06v_v5.17' },
};

interface Change extends Partial<Omit<UserRecord, 'raw' | 'slot' | 'name' | 'password'>> {
  readonly name?: string;
  readonly pin?: string;
  readonly at?: number;
  readonly fingers?: readonly (readonly [finger: number, template: string, flag?: number])[];
  readonly depth?: 'attributes' | 'everything';
  readonly width?: UserRecordWidth;
}

function zk(id: number, change: Change = {}): UserSnapshot {
  const { name = `User ${id}`, pin = '', at = id, fingers = [], depth = 'everything', width = 72, ...fields } = change;
  const record = encodeUserRecord(
    {
      slot: slot(at),
      userId: String(id),
      privilege: 0,
      card: 0,
      group: 1,
      ownZones: false,
      zones: width === 72 ? [0, 0, 0] : [0],
      ...fields,
      name: Buffer.from(name),
      password: Buffer.from(pin),
    },
    width,
  );
  const templates = fingers.map(([finger, template, flag = 1]) => ({ finger, flag, template: Buffer.from(template) }));
  return zkSnapshot({ depth, record, templates }, 'utf-8');
}

function aiface(id: number, credentials: AifaceUser['credentials'], change: Partial<AifaceUser> = {}): UserSnapshot {
  return aifaceSnapshot({
    depth: 'everything',
    rawEnrollId: String(id),
    name: `User ${id}`,
    admin: 0,
    profile: { enable: 1 },
    fingerprintAlgorithm: null,
    credentials,
    ...change,
  });
}

function forecastOf(held: readonly UserSnapshot[], facts: Partial<ForecastFacts> = {}, base = ZK): RestoreForecast {
  return RestoreForecast.from({ ...base, ...facts }, held.map(traitsOf));
}

describe('a forecast for a ZK terminal', () => {
  it('gives an absent user a slot of the user’s own, or one behind all that are taken or promised', () => {
    const held = [zk(1), zk(2, { at: 7 })];
    const forecast = forecastOf(held);
    const slots = [zk(3), zk(4, { at: 7 }), zk(5, { at: 8 })].map((wanted) => {
      const judgement = forecast.judge(undefined, wanted, SAME);
      expect(judgement.action).toBe('create');
      return 'after' in judgement ? judgement.after.user.slot : undefined;
    });
    expect(slots).toEqual([3, 8, 9]);
  });

  it('counts records without a usable ID as taken slots', () => {
    const forecast = RestoreForecast.from(ZK, [{ deviceUserId: null, slot: 4, cardNumber: null }]);
    expect(forecast.judge(undefined, zk(4), SAME)).toMatchObject({ action: 'create', after: { user: { slot: 5 } } });
  });

  it('finds a user unchanged who is held so, in another slot too', () => {
    const held = zk(1, { at: 9, pin: '1', card: 5, fingers: [[1, 'a']] });
    expect(forecastOf([held]).judge(held, held, SAME)).toEqual({ action: 'unchanged', after: held });
    const wanted = zk(1, { pin: '1', card: 5, fingers: [[1, 'a']] });
    expect(forecastOf([held]).judge(held, wanted, SAME)).toEqual({ action: 'unchanged', after: held });
  });

  it('makes attributes those of the snapshot, adds and replaces credentials, and keeps what only the terminal has', () => {
    const held = zk(1, { name: 'New', at: 9, pin: '1', fingers: [[1, 'a'], [2, 'b'], [3, 'c']] }); // prettier-ignore
    const wanted = zk(1, { name: 'Old', card: 5, group: 3, fingers: [[1, 'a'], [2, 'B'], [4, 'd', 3]] }); // prettier-ignore
    const expected = zk(1, { name: 'Old', at: 9, pin: '1', card: 5, group: 3, fingers: [[1, 'a'], [2, 'B'], [3, 'c'], [4, 'd', 3]] }); // prettier-ignore
    const judgement = forecastOf([held]).judge(held, wanted, SAME);
    expect(judgement).toMatchObject({ action: 'update', credentialsAdded: 2, credentialsReplaced: 1 });
    expect('after' in judgement && judgement.after.bytes.equals(expected.bytes)).toBe(true);
  });

  it('takes undecoded bytes from the snapshot, and the ID as the terminal writes it', () => {
    const record = Buffer.from(decodeZkUser(zk(7).bytes).record);
    record[45] = 0x5a; // nobody decodes it
    const wanted = zkSnapshot({ depth: 'everything', record, templates: [] }, 'utf-8');
    const held = zk(7, { userId: '007', at: 2 });
    const judgement = forecastOf([held]).judge(held, wanted, SAME);
    if (!('after' in judgement)) throw new Error('refused');
    expect(judgement.after.user).toMatchObject({ rawUserId: '007', slot: 2 });
    expect(decodeZkUser(judgement.after.bytes).record[45]).toBe(0x5a);
  });

  it('touches neither PIN nor fingers with a snapshot of attributes, and makes an absent user without them', () => {
    const wanted = zk(1, { name: 'Old', pin: '9', card: 5, depth: 'attributes' });
    const held = zk(1, { pin: '1', fingers: [[1, 'a']] });
    const [updated, created] = [held, undefined].map((each) =>
      forecastOf(each ? [each] : []).judge(each, wanted, SAME),
    );
    expect('after' in updated && updated.after.bytes).toEqual(zk(1, { name: 'Old', pin: '1', card: 5, fingers: [[1, 'a']] }).bytes); // prettier-ignore
    expect('after' in created && created.after.bytes).toEqual(zk(1, { name: 'Old', card: 5 }).bytes);
  });

  it('refuses when there is no room, counting those that were judged before', () => {
    const counters = { users: 2, templates: 5, userCapacity: 4, templateCapacity: 7 };
    const forecast = forecastOf([], { counters });
    const actions = [1, 2, 3].map((id) => forecast.judge(undefined, zk(id), SAME));
    expect(actions.map(({ action }) => action)).toEqual(['create', 'create', 'refused']);
    expect(actions[2]).toMatchObject({
      code: 'no-room',
      reason:
        'The terminal holds 2 users of at most 4 and would get 2 before, and 1 more would be added; delete somebody first',
    });
    const held = zk(1, { fingers: [[1, 'a']] });
    const fingers = zk(1, { fingers: [[1, 'b'], [2, 'c'], [3, 'd']] }); // prettier-ignore
    const next = forecastOf([held], { counters });
    expect(next.judge(held, fingers, SAME)).toMatchObject({ action: 'update' }); // two more, one replaced
    expect(next.judge(undefined, zk(5, { fingers: [[1, 'x']] }), SAME)).toMatchObject({ code: 'no-room' });
  });

  it('puts nobody over somebody else of the same ID on another terminal', () => {
    const held = zk(1, { name: 'Ann Lee' });
    const judged = (name: string, options = OTHER) => forecastOf([held]).judge(held, zk(1, { name }), options);
    expect(judged('Bo')).toMatchObject({
      action: 'refused',
      code: 'id-taken',
      reason: expect.stringContaining('Ann Lee'),
    });
    expect(judged('')).toMatchObject({ code: 'id-taken' });
    expect(judged(' ANN lee ')).toMatchObject({ action: 'update' });
    expect(judged('Bo', SAME)).toMatchObject({ action: 'update' });
    const unnamed = zk(1, { name: '' });
    expect(forecastOf([unnamed]).judge(unnamed, zk(1, { name: 'Bo' }), OTHER)).toMatchObject({ action: 'update' });
  });

  it('gives no card to two users, one of whom may be planned only', () => {
    const held = [zk(1, { card: 5 }), zk(2, { card: 6 })];
    const forecast = forecastOf(held);
    expect(forecast.judge(undefined, zk(3, { card: 5 }), SAME)).toMatchObject({ code: 'card-taken' });
    expect(forecast.judge(held[0], zk(1, { card: 7 }), SAME)).toMatchObject({ action: 'update' });
    expect(forecast.judge(undefined, zk(4, { card: 7 }), SAME)).toMatchObject({ code: 'card-taken' });
    expect(forecast.judge(undefined, zk(3, { card: 5 }), SAME)).toMatchObject({ action: 'create' }); // given up by 1
  });

  it('refuses fingers of another algorithm, and nobody else', () => {
    const judged = (wanted: UserSnapshot, wantedAlgorithm: string | null, sameTerminal = true) =>
      forecastOf([]).judge(undefined, wanted, { sameTerminal, wantedAlgorithm });
    const fingers = zk(1, { fingers: [[1, 'a']] });
    expect(judged(fingers, '9')).toMatchObject({ code: 'other-algorithm', reason: expect.stringMatching(/9.*10/s) });
    expect(judged(fingers, null, false)).toMatchObject({ code: 'other-algorithm' });
    expect(judged(fingers, null)).toMatchObject({ action: 'create' });
    expect(judged(zk(1), '9')).toMatchObject({ action: 'create' });
  });

  it('refuses records of another width, and takes any where there are none', () => {
    const narrow = zk(1, { width: 28 });
    expect(forecastOf([]).judge(undefined, narrow, SAME)).toMatchObject({ code: 'other-record-width' });
    expect(forecastOf([], { recordWidth: null }).judge(undefined, narrow, SAME)).toMatchObject({ action: 'create' });
  });

  it('refuses a flagged template where the finger is taken, and no template that fits nowhere', () => {
    const held = zk(1, { fingers: [[1, 'a']] });
    const judged = (wanted: UserSnapshot) => forecastOf([held]).judge(held, wanted, SAME);
    expect(judged(zk(1, { fingers: [[1, 'b', 3]] }))).toMatchObject({ code: 'unwritable' });
    expect(judged(zk(1, { fingers: [[2, 'b', 3]] }))).toMatchObject({ action: 'update' });
    expect(judged(zk(1, { fingers: [[12, 'b']] }))).toMatchObject({ code: 'unwritable' });
  });

  it('keeps no room for whom it refused', () => {
    const forecast = forecastOf([], { counters: { users: 0, userCapacity: 1 } });
    expect(forecast.judge(undefined, zk(1, { width: 28 }), SAME)).toMatchObject({ action: 'refused' });
    expect(forecast.judge(undefined, zk(2), SAME)).toMatchObject({ action: 'create' });
  });

  it('judges a user only of whom it knows everything', () => {
    const held = zk(1, { depth: 'attributes' });
    expect(() => forecastOf([held]).judge(held, zk(1), SAME)).toThrow(TypeError);
  });
});

describe('a forecast for an AiFace terminal', () => {
  const [PIN, CARD] = [10, 11];
  const judge = (held: UserSnapshot | undefined, wanted: UserSnapshot, facts: Partial<ForecastFacts> = {}) =>
    forecastOf(held ? [held] : [], facts, AIFACE).judge(held, wanted, { sameTerminal: true, wantedAlgorithm: null });

  it('adds and replaces credentials and profile fields, and keeps what only the terminal has', () => {
    const held = aiface(1, [{ backupNumber: PIN, record: 1 }, { backupNumber: CARD, record: 5 }], { profile: { enable: 1, shiftid: 2 } }); // prettier-ignore
    const wanted = aiface(1, [{ backupNumber: CARD, record: 6 }, { backupNumber: 20, record: 'face' }], { name: 'Old', profile: { enable: 0 } }); // prettier-ignore
    const judgement = judge(held, wanted);
    expect(judgement).toMatchObject({ action: 'update', credentialsAdded: 1, credentialsReplaced: 1 });
    const credentials = [{ backupNumber: PIN, record: 1 }, { backupNumber: CARD, record: 6 }, { backupNumber: 20, record: 'face' }]; // prettier-ignore
    const expected = aiface(1, credentials, { name: 'Old', profile: { enable: 0, shiftid: 2 } });
    expect('after' in judgement && judgement.after.bytes.toString()).toBe(expected.bytes.toString());
  });

  it('takes a number that is given as a text for the same', () => {
    const held = aiface(1, [{ backupNumber: CARD, record: '5' }]);
    expect(judge(held, aiface(1, [{ backupNumber: CARD, record: 5 }]))).toEqual({ action: 'unchanged', after: held });
  });

  it('restores of attributes alone no credential but the card', () => {
    const wanted = aiface(1, [{ backupNumber: PIN, record: null }, { backupNumber: CARD, record: 5 }], { depth: 'attributes' }); // prettier-ignore
    const judgement = judge(undefined, wanted);
    const expected = aiface(1, [{ backupNumber: CARD, record: 5 }]);
    expect('after' in judgement && judgement.after.bytes.toString()).toBe(expected.bytes.toString());
  });

  it('refuses what its firmware cannot', () => {
    const old = { identity: { serialNumber: 'ONE', firmware: 'ai806_f06v_v4.90' } };
    expect(judge(undefined, aiface(1, []), old)).toMatchObject({ action: 'refused', code: 'unwritable' });
    const held = aiface(1, [{ backupNumber: 20, record: 'face' }]);
    expect(judge(held, aiface(1, [{ backupNumber: 20, record: 'face' }], { name: 'Old' }), old)).toMatchObject({ code: 'unwritable' }); // prettier-ignore
  });

  it('believes the snapshot of a user with what the fingers were made', () => {
    const facts = { fingerprintAlgorithm: 'thbio3.0' };
    const wanted = (fingerprintAlgorithm: string): UserSnapshot =>
      aiface(1, [{ backupNumber: 0, record: 'c5' }], { fingerprintAlgorithm });
    expect(judge(undefined, wanted('thbio3.0'), facts)).toMatchObject({ action: 'create' });
    expect(judge(undefined, wanted('other'), facts)).toMatchObject({ code: 'other-algorithm' });
  });

  it('counts the room of each kind of credential', () => {
    const room = { users: { held: 1, capacity: 9 }, pin: { held: 3, capacity: 3 } };
    expect(judge(undefined, aiface(1, [{ backupNumber: PIN, record: 1 }]), { room })).toMatchObject({ code: 'no-room', reason: expect.stringContaining('3 PINs of at most 3') }); // prettier-ignore
    expect(judge(undefined, aiface(1, [{ backupNumber: CARD, record: 1 }]), { room })).toMatchObject({
      action: 'create',
    });
  });

  it('is not asked about users of the other protocol', () => {
    expect(() => judge(undefined, zk(1))).toThrow(expect.objectContaining({ code: 'device-writer/bad-snapshot' }));
  });
});
