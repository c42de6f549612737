import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  DESTRUCTIVE_COMMANDS,
  describeRefusal,
  encodeWriteCommand,
  enrollIdOf,
  type Fields,
  isDeletable,
  isKnownFirmware,
  isReadOrSessionMessage,
  isWriteOfOneUser,
  parseFields,
  PROFILE_FIELDS,
  type Reply,
  takesProfiles,
  type WriteCommand,
  WRITE_COMMANDS,
} from '@app/aiface-protocol';
import fc from 'fast-check';
import { anyText, enrollId } from '@test/support';

const file = readFileSync('test/fixtures/aiface/transcripts.json', 'utf8');
const { exchanges } = JSON.parse(file) as {
  exchanges: { id: string; exchange: { from: string; message?: Fields }[] }[];
};
const sentIn = (id: string): Fields[] =>
  exchanges
    .find((each) => each.id === id)!
    .exchange.flatMap(({ from, message }) => (from === 'server' && message ? [message] : []));

const someone = enrollId.filter((id) => id !== '0' && id !== '99999999');
const credentialNumber = fc.nat({ max: 51 }).filter((number) => number !== 12 && number !== 13);
const writes: fc.Arbitrary<WriteCommand> = fc.oneof(
  fc.record({
    cmd: fc.constant('setuserinfo' as const),
    enrollid: someone,
    name: anyText,
    backupnum: credentialNumber,
    admin: fc.nat({ max: 2 }),
    record: fc.oneof(fc.nat(), anyText),
  }),
  fc.record({ cmd: fc.constant('setuserinfo' as const), enrollid: someone, name: anyText, department: anyText }),
  fc.record({
    cmd: fc.constant('enableuser' as const),
    enrollid: someone,
    enflag: fc.constantFrom(0 as const, 1 as const),
  }),
  fc.record({
    cmd: fc.constant('deleteuser' as const),
    enrollid: someone,
    backupnum: fc.constantFrom(0, 10, 11, 13, 20, 50),
  }),
);

describe('a write for an AiFace terminal', () => {
  it('is about one user, and no reader may send it', () => {
    fc.assert(
      fc.property(writes, (command) => {
        const message = parseFields(encodeWriteCommand(command));
        expect(isWriteOfOneUser(message)).toBe(true);
        expect(isReadOrSessionMessage(message)).toBe(false);
        expect(enrollIdOf(message.enrollid)).toBe(command.enrollid);
      }),
    );
  });

  it.each(['setuserinfo-credentials', 'setuserinfo-double-face', 'setuserinfo-profile', 'deleteuser'])(
    'is what the documents show in %s',
    (id) => {
      for (const message of sentIn(id).filter(({ cmd }) => cmd !== 'getuserinfo' && cmd !== 'getdevcap')) {
        if (message.cmd === 'getuserlist') continue;
        expect([id, message.cmd, isWriteOfOneUser(message)]).toEqual([id, message.cmd, true]);
        const { enrollid } = message;
        const command = { ...message, enrollid: enrollIdOf(enrollid)! } as WriteCommand;
        expect(JSON.parse(encodeWriteCommand(command))).toEqual(message);
      }
    },
  );

  it.each(DESTRUCTIVE_COMMANDS.filter((cmd) => cmd !== 'deleteuser'))('is never %s', (cmd) => {
    for (const message of [{ cmd }, { cmd, enrollid: 9 }, { cmd, enrollid: 9, backupnum: 13 }])
      expect(isWriteOfOneUser(message)).toBe(false);
  });
  it.each(WRITE_COMMANDS.filter((cmd) => !['setuserinfo', 'enableuser'].includes(cmd)))(
    'is not %s, which nobody needs',
    (cmd) => {
      expect(isWriteOfOneUser({ cmd, enrollid: 9 })).toBe(false);
    },
  );

  it.each([
    ['of everybody', { cmd: 'deleteuser', backupnum: 13 }],
    ['of the terminal itself', { cmd: 'deleteuser', enrollid: 0, backupnum: 13 }],
    ['of strangers', { cmd: 'deleteuser', enrollid: 99_999_999, backupnum: 13 }],
    ['with 12, of which documents say different things', { cmd: 'deleteuser', enrollid: 9, backupnum: 12 }],
    ['without a number', { cmd: 'deleteuser', enrollid: 9 }],
    ['with more than it needs', { cmd: 'deleteuser', enrollid: 9, backupnum: 13, all: true }],
    ['with padded keys', { cmd: 'deleteuser', 'enrollid ': 9, backupnum: 13 }],
    ['of a credential without a number', { cmd: 'setuserinfo', enrollid: 9, record: 'x' }],
    ['of a credential 13', { cmd: 'setuserinfo', enrollid: 9, backupnum: 13, record: 'x' }],
    ['of nothing', { cmd: 'setuserinfo', enrollid: 9 }],
    ['of a card and a PIN by the profile, where 0 means none', { cmd: 'setuserinfo', enrollid: 9, card: 0, pwd: 0 }],
    ['that is half enabled', { cmd: 'enableuser', enrollid: 9, enflag: 2 }],
    ['of a list', { cmd: 'setusername', count: 1, record: [{ enrollid: 9, name: 'x' }] }],
  ])('is none %s', (_, message) => {
    expect(isWriteOfOneUser(message)).toBe(false);
  });

  it('names credentials from 0 to 51 and the rest of a user, and never 12', () => {
    const deletable = Array.from({ length: 100 }, (_, number) => number).filter(isDeletable);
    expect(deletable).toEqual(Array.from({ length: 52 }, (_, number) => number).filter((number) => number !== 12));
    expect(isDeletable(undefined)).toBe(false);
    expect(PROFILE_FIELDS).not.toContain('card');
    expect(PROFILE_FIELDS).not.toContain('pwd');
  });
});

describe('firmware', () => {
  it.each([
    ['ai806_f06v_v5.17', true, true],
    ['ai806_f06v_v5.09', true, true],
    ['ai806_f06v_v5.06', true, false],
    ['ai806_fp50h_v4.57', true, false],
    ['ai518_fp26v_v2.16', true, true],
    ['ai518_fp26v_v2.08', true, false],
    ['AiF43V_v4.50', true, false],
    ['ai900_x_v6.00', false, false],
    ['ai806_f06v_v6.00', true, true],
    ['TH900_click V5.0', true, false],
    ['th600w', true, false],
    ['unheard of v5.17', false, false],
    [undefined, false, false],
  ])('%s', (firmware, known, profiles) => {
    expect([isKnownFirmware(firmware), takesProfiles(firmware)]).toEqual([known, profiles]);
  });
});

it('says why a terminal refused, and quotes its text cut', () => {
  const reply = (more: Partial<Reply>): Reply => {
    return { kind: 'reply', command: 'setuserinfo', ok: false, fields: {}, bytes: 0, ...more };
  };
  expect(describeRefusal(reply({ reason: 12, text: 'face is double,id=1432' }), { photo: true })).toBe(
    'the face is enrolled for another user already, who was left alone, reason 12, "face is double,id=1432"',
  );
  expect(describeRefusal(reply({ reason: 12 }), { photo: false })).toBe('reason 12');
  expect(describeRefusal(reply({}), { photo: true })).toBe('without a reason');
  expect(describeRefusal(reply({ text: 'x\n'.repeat(500) }), { photo: false }).length).toBeLessThan(150);
});
