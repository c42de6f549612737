import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Fields, isReadOrSessionMessage } from '@app/aiface-protocol';
import { type AifaceListener, type DeviceGateway, DeviceError, type DeviceReader } from '@app/device-gateway';
import { parseWallTime } from '@app/kernel';
import { openListener, OpenHouse, QUICK_TIMEOUTS, ScriptedTerminal } from '@test/support';

interface Step {
  readonly from?: 'terminal' | 'server';
  readonly message?: Fields;
  readonly event?: string;
}
interface Exchange {
  readonly id: string;
  readonly title: string;
  readonly transport: string;
  readonly exchange: readonly Step[];
}

const file = readFileSync('test/fixtures/aiface/transcripts.json', 'utf8');
const { exchanges } = JSON.parse(file) as { exchanges: readonly Exchange[] };
const overWebSocket = exchanges.filter(({ transport }) => transport === 'websocket');
const SERIAL = 'TSTA26010001';
const LOCAL_TIME = parseWallTime('2026-01-28 08:00:00')!;

let host: OpenHouse;
let listener: AifaceListener;
let gateway: DeviceGateway;
let url: string;
let terminal: ScriptedTerminal;

beforeEach(async () => {
  host = new OpenHouse();
  host.admission = () => ({ admitted: true, localTime: LOCAL_TIME });
  ({ listener, gateway, url } = await openListener({ ...QUICK_TIMEOUTS, replyMs: 300, pageMs: 150 }, host));
  terminal = await ScriptedTerminal.dial(`${url}/pub/chat`);
});
afterEach(async () => {
  await terminal[Symbol.asyncDispose]();
  await listener.stop();
});

function find(id: string): Exchange {
  return exchanges.find((each) => each.id === id)!;
}

/** What the terminal of these exchanges says when it registers. */
const registration = find('reg-aiface').exchange[0].message!;

/** Replies of an exchange in their order, to commands of their name; what it does not mention is refused. */
function playReplies(id: string, counters: Fields = {}): void {
  const replies = find(id).exchange.filter(({ from, message }) => from === 'terminal' && message?.ret);
  const asked: unknown[] = find(id).exchange.flatMap(({ message }) => (message?.cmd ? [message.cmd] : []));
  const waiting = replies.map(({ message }) => message!);
  terminal.onCommand = ({ cmd }) => {
    const at = waiting.findIndex(({ ret }) => ret === cmd);
    if (at >= 0) return waiting.splice(at, 1)[0];
    if (cmd === 'gettime') return { ret: cmd, time: '2026-01-28 08:00:00' };
    if (cmd === 'getdevcap' && !asked.includes('getdevcap')) return { ret: cmd, result: true, ...counters };
    return asked.includes(cmd) ? undefined : { ret: cmd, result: false, msg: 'can not find this command' };
  };
}

async function open(weakerProof = false, info: Fields = registration): Promise<DeviceReader> {
  await terminal.ask(info);
  return gateway.openReader({ driver: 'aiface', serialNumber: String(info.sn), weakerProof });
}

it('are all looked at', () => {
  expect(overWebSocket).toHaveLength(37);
});

it('classify every message of a server: reads and answers may leave, everything that changes something may not', () => {
  const messages = overWebSocket.flatMap(({ exchange }) =>
    exchange.flatMap(({ from, message }) => (from === 'server' && message ? [message] : [])),
  );
  const names = (allowed: boolean): Set<unknown> =>
    new Set(
      messages.filter((message) => isReadOrSessionMessage(message) === allowed).map(({ cmd, ret }) => cmd ?? ret),
    );
  expect(names(true)).toEqual(
    new Set([
      'reg',
      'sendlog',
      'senduser',
      'sendqrcode',
      'getuserlist',
      'getdevcap',
      'getuserids',
      'getuserinfo',
      'getusername',
      'getalllog',
      'gettime',
    ]),
  );
  expect(names(false)).toEqual(
    new Set([
      'sendlog',
      'setuserinfo',
      'enableuser',
      'deleteuser',
      'getuserlock',
      'setuserlock',
      'settime',
      'getalluserinfo',
      'getallusers',
      'reboot',
      'adduser',
    ]),
  );
});

/** What a server may add for other firmware or for doors, and what of an answer depends on the moment. */
const NOT_OURS = ['access', 'message', 'nosendlog', 'nosendimage', 'tryseconds', 'cloudtime'];

describe('what a terminal sends of its own accord is answered as documented', () => {
  it.each(
    overWebSocket.filter(({ exchange }) => exchange.some(({ from, message }) => from === 'terminal' && message?.cmd)),
  )('$id: $title', async ({ id, exchange }) => {
    if (id === 'reg-refused') host.admission = () => ({ admitted: false, reason: 'not approved' });
    const serial = String(exchange.find(({ message }) => message?.sn)?.message?.sn);
    if (exchange.find(({ message }) => message?.cmd)?.message?.cmd !== 'reg')
      await terminal.ask({ ...registration, sn: serial });
    for (const [i, { from, message, event }] of exchange.entries()) {
      if (event === 'terminal connects') terminal = await ScriptedTerminal.dial(url);
      if (from !== 'terminal' || !message?.cmd) continue;
      const following = exchange.slice(i + 1);
      const next = following.findIndex((step) => step.event ?? (step.from === 'terminal' && step.message?.cmd));
      const until = next < 0 ? following.length : next;
      const documented =
        following.slice(0, until).find((step) => step.from === 'server' && step.message?.ret)?.message ?? {};
      const answer = await terminal.ask(message);
      const { ...wanted } = documented as Record<string, unknown>;
      for (const key of NOT_OURS) delete wanted[key];
      expect(answer).toMatchObject(wanted);
      expect(answer.access ?? 0).toBe(0);
      // The clock is set by the answer to a registration and by nothing else.
      expect('cloudtime' in answer).toBe(answer.ret === 'reg' && answer.result === true);
    }
  });

  it('and stored as documented', async () => {
    await terminal.ask(registration);
    for (const id of ['sendlog-backlog', 'sendlog-door', 'sendlog-stranger', 'senduser-card-pin-photo'])
      for (const { from, message } of find(id).exchange)
        if (from === 'terminal') await terminal.ask({ ...message, sn: SERIAL });
    const records = host.batches.flatMap((batch) => batch.records);
    expect(records).toMatchObject([
      { kind: 'punch', enrollId: '3', mode: 3, inOut: 1 },
      { kind: 'punch', enrollId: '12', mode: 8, inOut: 1 },
      { kind: 'door', happened: 'forced open' },
      { kind: 'stranger' },
    ]);
    expect(JSON.stringify(records)).not.toContain('image');
    expect(host.enrolments).toMatchObject([
      { enrollId: '32', backupNumber: 11, record: 2352253, name: '王小明' },
      { enrollId: '32', backupNumber: 10, record: 40711 },
      { enrollId: '32', backupNumber: 50, extra: { enable: 1, shiftid: 0, fpflag: 0 } },
    ]);
  });
});

describe('reads come to what is documented', () => {
  const counters = { useduser: 4, usedface: 3, usedcard: 2, usedpwd: 1, usedfp: 0, usedpalm: 0 };

  it('userlist-pages: 6 credentials, 4 users', async () => {
    playReplies('userlist-pages', counters);
    await using reader = await open();
    const { users, proof } = await reader.readUsers();
    expect(users.map(({ deviceUserId }) => deviceUserId)).toEqual(['1', '3', '12', '40']);
    expect(users.map(({ hasPin, privilege }) => [hasPin, privilege])).toEqual([
      [true, 1],
      [false, 0],
      [false, 0],
      [false, 0],
    ]);
    expect(proof).toMatchObject({ records: 6, pages: 3, counterBefore: 4, witness: 'fresh-counters' });
  });

  it('userlist-total: complete because users and fingers agree with the registration', async () => {
    const info = find('reg-fingerprint').exchange[0].message!;
    const page = find('userlist-total').exchange[1].message!;
    terminal.onCommand = ({ cmd, stn }) => {
      if (cmd === 'gettime') return { ret: cmd, time: '2026-01-28 08:00:00' };
      if (cmd !== 'getuserlist') return undefined; // such firmware is silent
      return stn ? page : { ret: cmd, result: true, count: 0, from: 0, to: 0, record: [] };
    };
    await using reader = await open(true, info);
    const { users, proof } = await reader.readUsers();
    expect(users.map(({ deviceUserId }) => deviceUserId)).toEqual(['1', '2']);
    expect(proof).toMatchObject({ records: 3, witness: 'equal-lists' });
  });

  it('userlist-total: not believed where the weaker proof is not allowed', async () => {
    terminal.onCommand = ({ cmd }) => (cmd === 'gettime' ? { ret: cmd, time: '2026-01-28 08:00:00' } : undefined);
    const reader = await open(false, find('reg-fingerprint').exchange[0].message!);
    await expect(reader.readUsers()).rejects.toMatchObject({ reason: 'no-counter' });
  });

  it.each([
    ['userlist-empty', { useduser: 0, usedface: 0 }, 0],
    ['userlist-empty', { useduser: 4, usedface: 3 }, 'counter-mismatch'],
    ['userlist-empty-lie', { useduser: 4378 }, 'counter-mismatch'],
  ] as const)('%s with %j: %s', async (id, counted, result) => {
    playReplies(id, counted);
    const reader = await open();
    if (result === 0) expect((await reader.readUsers()).users).toEqual([]);
    else await expect(reader.readUsers()).rejects.toMatchObject({ reason: result });
    await reader.close();
  });

  it('userlist-silence: complete, since the counters before and after agree', async () => {
    playReplies('userlist-silence');
    await using reader = await open();
    const { users } = await reader.readUsers();
    expect(users.map(({ deviceUserId }) => deviceUserId)).toEqual(['7', '8']);
  });

  it('userids: a user without any credential is found by it', async () => {
    const list = find('userlist-pages').exchange.flatMap(({ message }) => (message?.ret ? [message] : []));
    const pages = list.map((page) => ({ ...page }));
    const ids = { ...find('userids').exchange[1].message, record: [1, 3, 12, 40, 41], count: 5 };
    terminal.onCommand = ({ cmd }) => {
      if (cmd === 'getdevcap') return { ret: cmd, result: true, ...counters, useduser: 5 };
      if (cmd === 'getuserids') return ids;
      if (cmd === 'getuserlist') return pages.shift();
      return { ret: cmd, result: false };
    };
    await using reader = await open();
    expect((await reader.readUsers()).users.map(({ deviceUserId }) => deviceUserId)).toEqual([
      '1',
      '3',
      '12',
      '40',
      '41',
    ]);
  });

  it('alllog: three punches, the user of the last one recognised', async () => {
    const pages = find('alllog').exchange.flatMap(({ message }) => (message?.ret ? [message] : []));
    terminal.onCommand = ({ cmd }) => {
      if (cmd === 'getdevcap') return { ret: cmd, result: true, useduser: 0, usedlog: 3 };
      if (cmd === 'getuserlist') return { ret: cmd, result: true, count: 0, from: 0, to: 0, record: [] };
      return cmd === 'getalllog' ? pages.shift() : { ret: cmd, result: false };
    };
    await using reader = await open();
    const { punches } = await reader.readPunches(await reader.readUsers());
    expect(punches).toMatchObject([
      { deviceUserId: '3', verifyMode: 8, state: 0 },
      { deviceUserId: '12', verifyMode: 8, state: 0 },
      { deviceUserId: '3', verifyMode: 3, state: 1 },
    ]);
  });

  it('time, unknown-refused, unknown-silent: the clock is read; counters that are not told are an error', async () => {
    playReplies('time');
    await using reader = await open();
    expect(await reader.readClock()).toEqual(parseWallTime('2026-01-28 08:10:00'));
    terminal.onCommand = ({ cmd }) => ({ ret: cmd, result: false, msg: 'can not find this command' });
    await expect(reader.readUsers()).rejects.toMatchObject({ reason: 'no-counter' });
    await expect(reader.readClock()).rejects.toBeInstanceOf(DeviceError);
  });
});
