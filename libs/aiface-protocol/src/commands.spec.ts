import { describe, expect, it } from '@jest/globals';
import {
  type Answer,
  DESTRUCTIVE_COMMANDS,
  encodeAnswer,
  encodeReadCommand,
  enrollIdOf,
  isReadOrSessionMessage,
  parseFields,
  READ_COMMANDS,
  type ReadCommand,
  WRITE_COMMANDS,
} from '@app/aiface-protocol';
import { canonicalDeviceUserId, parseWallTime } from '@app/kernel';
import fc from 'fast-check';
import { anyText, enrollId, plainKey } from '@test/support';

describe('what may leave for a terminal', () => {
  const wallTime = parseWallTime('2026-01-28 08:00:00')!;
  const commands: fc.Arbitrary<ReadCommand> = fc.oneof(
    fc.record({ cmd: fc.constant('getuserlist' as const), stn: fc.boolean() }),
    fc.record({ cmd: fc.constant('getuserlist' as const), page: fc.nat(), pagesize: fc.nat() }),
    fc.record(
      { cmd: fc.constant('getuserinfo' as const), enrollid: enrollId, backupnum: fc.nat({ max: 99 }) },
      { requiredKeys: ['cmd', 'enrollid'] },
    ),
    fc.record({ cmd: fc.constant('getusername' as const), enrollid: enrollId }),
    fc.record({ cmd: fc.constantFrom('getuserids' as const, 'getdevcap' as const, 'gettime' as const) }),
    fc.record(
      { cmd: fc.constant('getalllog' as const), stn: fc.boolean(), from: fc.constant('2026-01-28') },
      { requiredKeys: ['cmd', 'stn'] },
    ),
  );
  const answers: fc.Arbitrary<Answer> = fc.oneof(
    fc.constant({ ret: 'reg', result: true, cloudtime: wallTime } as const),
    fc.record({ ret: fc.constant('reg' as const), result: fc.constant(false as const), reason: anyText }),
    fc.record(
      { ret: fc.constant('sendlog' as const), result: fc.boolean(), count: fc.nat(), logindex: fc.nat() },
      { requiredKeys: ['ret', 'result'] },
    ),
    fc.record({
      ret: fc.constant('senduser' as const),
      result: fc.boolean(),
      enrollid: enrollId,
      backupnum: fc.nat({ max: 99 }),
    }),
    fc.record(
      { ret: fc.stringMatching(/^[a-z_]{2,32}$/), result: fc.boolean(), access: fc.constant(0 as const) },
      { requiredKeys: ['ret', 'result'] },
    ),
  );

  it('is every read command, with the user as a number where JSON can hold it', () => {
    fc.assert(
      fc.property(commands, (command) => {
        const sent = parseFields(encodeReadCommand(command));
        expect(isReadOrSessionMessage(sent)).toBe(true);
        expect(READ_COMMANDS).toContain(sent.cmd);
        expect(enrollIdOf(sent.enrollid)).toBe('enrollid' in command ? command.enrollid : undefined);
      }),
    );
    const twelve = canonicalDeviceUserId('12');
    expect(encodeReadCommand({ cmd: 'getuserinfo', enrollid: twelve, backupnum: undefined })).toBe(
      '{"cmd":"getuserinfo","enrollid":12}',
    );
  });

  it('is every answer, of which only that to a registration carries the time', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const sent = parseFields(encodeAnswer(answer));
        expect(isReadOrSessionMessage(sent)).toBe(true);
        expect(sent).toMatchObject({ ret: answer.ret, result: answer.result });
        expect('cloudtime' in sent).toBe('cloudtime' in answer);
        expect(sent.access ?? 0).toBe(0);
      }),
    );
  });

  it('has what each kind of answer needs', () => {
    const enrollid = canonicalDeviceUserId('9'.repeat(30));
    const encoded = (answer: Answer): unknown => JSON.parse(encodeAnswer(answer));
    expect(encoded({ ret: 'reg', result: true, cloudtime: wallTime })).toEqual({
      ret: 'reg',
      result: true,
      cloudtime: '2026-01-28 08:00:00',
      nosenduser: false,
    });
    expect(encoded({ ret: 'reg', result: false, reason: 'not approved' })).toEqual({
      ret: 'reg',
      result: false,
      reason: 'not approved',
    });
    const numbered = { ret: 'sendlog', count: 2, logindex: 10 } as const;
    expect(encoded({ ...numbered, result: true })).toEqual({ ...numbered, result: true, mark: true });
    expect(encoded({ ...numbered, result: false })).toEqual({ ...numbered, result: false });
    expect(encoded({ ret: 'sendlog', result: true })).toEqual({ ret: 'sendlog', result: true });
    expect(encoded({ ret: 'senduser', result: true, enrollid, backupnum: 50 })).toEqual({
      ret: 'senduser',
      result: true,
      enrollid: '9'.repeat(30),
      backupnum: 50,
    });
  });

  it.each(WRITE_COMMANDS)('is not %s, which writes', (cmd) => expectRefused(cmd));
  it.each(DESTRUCTIVE_COMMANDS)('is not %s, which destroys', (cmd) => expectRefused(cmd));
  const OTHERS =
    'opendoor lockctrl reboot settime setdevinfo setdevlock disabledevice enabledevice setholiday setquestionnaire ' +
    'keypad getnewlog getdevinfo getallusers getuserlock otaget reg sendlog senduser';
  it.each(OTHERS.split(' '))('is not %s, which nobody needs for a read', (cmd) => expectRefused(cmd));

  function expectRefused(cmd: string): void {
    for (const message of [
      { cmd },
      { ' cmd ': cmd },
      { cmd: ` ${cmd} ` },
      { cmd, enrollid: 12, backupnum: 12 },
      { cmd, ret: 'reg' },
      { 'cmd ': cmd, ret: 'gettime', result: true },
    ]) {
      expect(isReadOrSessionMessage(message)).toBe(false);
    }
  }

  it('is nothing that is not named', () => {
    const named: readonly string[] = READ_COMMANDS;
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom(...READ_COMMANDS, 'x')),
        fc.dictionary(plainKey, fc.jsonValue()),
        (cmd, rest) => {
          expect(isReadOrSessionMessage({ ...rest, ret: undefined, cmd })).toBe(named.includes(cmd));
        },
      ),
    );
    expect(isReadOrSessionMessage({})).toBe(false);
    expect(isReadOrSessionMessage({ cmd: null })).toBe(false);
    expect(isReadOrSessionMessage({ ret: ['reg'] })).toBe(false);
    expect(isReadOrSessionMessage({ cmd: 'gettime', ret: 'gettime' })).toBe(false);
    for (const cmd of READ_COMMANDS) {
      expect(isReadOrSessionMessage({ cmd: cmd.toUpperCase() })).toBe(false);
      expect(isReadOrSessionMessage({ cmd: `${cmd} ` })).toBe(false);
    }
  });

  it('is no answer that sets a clock unasked, or opens a door', () => {
    const cloudtime = '2026-01-28 08:00:00';
    expect(isReadOrSessionMessage({ ret: 'reg', result: true, cloudtime })).toBe(true);
    for (const ret of ['sendlog', 'senduser', 'checklive', 'sendqrcode', 'reg ', 'REG']) {
      expect(isReadOrSessionMessage({ ret, result: true })).toBe(true);
      expect(isReadOrSessionMessage({ ret, result: true, cloudtime })).toBe(false);
      expect(isReadOrSessionMessage({ ret, result: true, ' cloudtime': cloudtime })).toBe(false);
      expect(isReadOrSessionMessage({ ret, result: true, access: 0 })).toBe(true);
      for (const access of [1, true, '1', 'true']) {
        expect(isReadOrSessionMessage({ ret, result: true, access })).toBe(false);
        expect(isReadOrSessionMessage({ ret, result: true, 'access ': access })).toBe(false);
      }
    }
  });
});
