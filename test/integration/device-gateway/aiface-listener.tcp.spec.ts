import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AifaceTerminal } from '@app/device-emulator';
import { AifaceListener, AifaceSessions, type DeviceGateway } from '@app/device-gateway';
import { SystemClock } from '@app/kernel';
import { openListener, OpenHouse, QUICK_TIMEOUTS, ScriptedTerminal } from '@test/support';

const REG = { cmd: 'reg', sn: 'TSTA26010001', devinfo: { modelname: 'AiFace', useduser: 0 } };
const PUNCH = { enrollid: 12, time: '2026-01-28 08:13:00', mode: 8, inout: 0, event: 0 };
const FROM_ELSEWHERE = '127.0.0.2';
const timeouts = { ...QUICK_TIMEOUTS, replyMs: 300, silenceMs: 600 };

let host: OpenHouse;
let listener: AifaceListener;
let gateway: DeviceGateway;
let url: string;
const dialled: ScriptedTerminal[] = [];

beforeEach(async () => {
  host = new OpenHouse();
  ({ listener, gateway, url } = await openListener(timeouts, host));
});
afterEach(async () => {
  for (const terminal of dialled.splice(0)) await terminal[Symbol.asyncDispose]();
  await listener.stop();
});

async function dial(
  options: Parameters<typeof ScriptedTerminal.dial>[1] = {},
  path = '/pub/chat',
): Promise<ScriptedTerminal> {
  const terminal = await ScriptedTerminal.dial(url + path, options);
  dialled.push(terminal);
  return terminal;
}

async function registered(options: Parameters<typeof dial>[0] = {}, sn = REG.sn): Promise<ScriptedTerminal> {
  const terminal = await dial(options);
  expect(await terminal.ask({ ...REG, sn })).toMatchObject({ ret: 'reg', result: true });
  return terminal;
}

describe('the port', () => {
  it.each(['/pub/chat', '/', '/any/other'])('takes a terminal on the path %s', async (path) => {
    expect(await (await dial({}, path)).ask(REG)).toMatchObject({ ret: 'reg', result: true, nosenduser: false });
    expect(gateway.isConnected(REG.sn)).toBe(true);
  });

  it('tells a browser that it is no web site, and drops what is no HTTP', async () => {
    const { status } = await fetch(url.replace('ws:', 'http:'));
    expect(status).toBe(426);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(Buffer.from([0x01, 0x5a, 0x00, 0xff, 0x0a, 0x0a]));
    await once(socket, 'close');
  });

  it('speaks TLS with a certificate of its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const make = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', keyFile, '-out', certFile];
    // Debian: apt-get install openssl
    await promisify(execFile)('openssl', [...make, ...subject]);
    const [key, certificate] = [await readFile(keyFile, 'utf8'), await readFile(certFile, 'utf8')];
    await rm(folder, { recursive: true });
    const tls = new AifaceListener(new AifaceSessions(), new SystemClock(), timeouts);
    const port = await tls.listen({ host: '127.0.0.1', port: 0, tls: { certificate, key } }, host);
    const terminal = await ScriptedTerminal.dial(`wss://127.0.0.1:${port}`, { ca: certificate });
    dialled.push(terminal);
    expect(await terminal.ask(REG)).toMatchObject({ ret: 'reg', result: true });
    await tls.stop();
  });

  it('answers the heartbeat of a terminal, so that it stays', async () => {
    await using terminal = AifaceTerminal.start({
      server: url,
      serialNumber: REG.sn,
      heartbeatMs: 20,
      answerMs: 5_000,
    });
    const beats = (): number => terminal.journal.entries.filter(({ message }) => message.ret === 'checklive').length;
    await terminal.until(() => beats() > 3);
    expect(terminal.dialled).toBe(1);
    expect(terminal.journal.entries.some(({ message }) => message.ret === 'checklive' && 'cloudtime' in message)).toBe(
      false,
    );
  });

  it('sends no WebSocket pings, asks a silent terminal for the time, and lets go of one that does not answer', async () => {
    const terminal = await registered();
    let pings = 0;
    terminal.socket.on('ping', () => (pings += 1));
    await terminal.until(() => terminal.received.some(({ cmd }) => cmd === 'gettime'));
    await terminal.closed();
    expect(pings).toBe(0);
    expect(gateway.isConnected(REG.sn)).toBe(false);
  }, 60_000);
});

describe('a terminal that is not admitted', () => {
  it('is told why, gets no time, and is let go', async () => {
    host.admission = () => ({ admitted: false, reason: 'waits for an administrator' });
    const terminal = await dial();
    expect(await terminal.ask(REG)).toEqual({ ret: 'reg', result: false, reason: 'waits for an administrator' });
    await terminal.closed();
    expect(gateway.isConnected(REG.sn)).toBe(false);
  });

  it('is told to try again when nobody could decide', async () => {
    host.admission = () => {
      throw new Error('the database is gone');
    };
    expect(await (await dial()).ask(REG)).toMatchObject({
      result: false,
      reason: 'the server is not ready, try again',
    });
  });
});

describe('a connection is closed, and somebody is told, when', () => {
  const kinds = (): string[] => host.alarms.map(({ kind }) => kind);

  it('it sends anything before it has registered', async () => {
    const terminal = await dial();
    terminal.say({ cmd: 'sendlog', sn: REG.sn, count: 1, logindex: 0, record: [PUNCH] });
    await terminal.closed();
    expect(host.batches).toEqual([]);
  });

  it('it changes its serial number', async () => {
    const terminal = await registered();
    terminal.say({ cmd: 'sendlog', sn: 'SOMEBODY-ELSE', count: 1, logindex: 0, record: [PUNCH] });
    await terminal.closed();
    expect(host.alarms).toMatchObject([{ kind: 'changed-serial', serialNumber: REG.sn, claimed: 'SOMEBODY-ELSE' }]);
    expect(host.batches).toEqual([]);
  });

  it('it registers a second time under another serial number', async () => {
    const terminal = await registered();
    terminal.say({ ...REG, sn: 'SOMEBODY-ELSE' });
    await terminal.closed();
    expect(kinds()).toEqual(['changed-serial']);
    expect(gateway.isConnected('SOMEBODY-ELSE')).toBe(false);
  });

  it('its first message is larger than a registration, or a later one than anything that is true', async () => {
    const first = await dial();
    first.say({ ...REG, filler: 'x'.repeat(20_000) });
    await first.closed();
    const later = await registered();
    later.say({ cmd: 'sendlog', sn: REG.sn, filler: 'x'.repeat(5_000_000) });
    await later.closed();
    expect(host.alarms).toMatchObject([
      { kind: 'oversized', serialNumber: undefined, limitBytes: 16_384 },
      { kind: 'oversized', serialNumber: REG.sn, limitBytes: 4_194_304 },
    ]);
  });

  it('it sends on without waiting for answers', async () => {
    const terminal = await registered();
    host.storing = new Promise(() => undefined);
    for (let i = 0; i < 40; i += 1)
      terminal.say({ cmd: 'sendlog', sn: REG.sn, count: 1, logindex: i, record: [PUNCH] });
    await terminal.closed();
    expect(kinds()).toEqual(['flood']);
    expect(host.batches).toEqual([]); // nothing was acknowledged, so that nothing is lost
    host.storing = Promise.resolve();
  });

  it('it floods with replies that nobody asked for', async () => {
    const terminal = await registered();
    for (let i = 0; i < 6_000; i += 1) terminal.say('{"ret":"gettime","time":"x"}');
    await terminal.closed();
    expect(kinds()).toEqual(['flood']);
  });

  it('it does not register', async () => {
    await (await dial()).closed();
  });

  it('it is the oldest of too many from one address that do not register', async () => {
    const patient = await openListener({ ...timeouts, replyMs: 60_000, silenceMs: 60_000 }, host);
    const oldest = await ScriptedTerminal.dial(patient.url);
    const strangers = await Promise.all(Array.from({ length: 255 }, () => ScriptedTerminal.dial(patient.url)));
    const terminal = await ScriptedTerminal.dial(patient.url);
    dialled.push(oldest, ...strangers, terminal);
    expect(await terminal.ask(REG)).toMatchObject({ ret: 'reg', result: true }); // who speaks is not shut out
    await oldest.closed();
    expect(kinds()).toEqual(['too-many-connections']);
    await patient.listener.stop();
  });
});

describe('a serial number that is connected already', () => {
  it('is taken over by a new connection from the same address: the terminal has dialled again', async () => {
    const first = await registered();
    const reader = await gateway.openReader({ driver: 'aiface', serialNumber: REG.sn, weakerProof: false });
    const reading = expect(reader.readUsers()).rejects.toMatchObject({ code: 'device/connection-lost' });
    await first.until(() => first.received.some(({ cmd }) => cmd === 'getdevcap'));
    await registered();
    await reading; // a read ends with its connection, and is never shorter
    await first.closed();
    expect(host.alarms).toEqual([]);
    expect(gateway.isConnected(REG.sn)).toBe(true);
  });

  it('is refused from another address, with an alarm, and the first one stays', async () => {
    const first = await registered();
    const second = await dial({ from: FROM_ELSEWHERE });
    expect(await second.ask(REG)).toMatchObject({ result: false, reason: 'this serial number is connected already' });
    await second.closed();
    expect(host.alarms).toMatchObject([
      { kind: 'second-connection', serialNumber: REG.sn, address: FROM_ELSEWHERE, firstAddress: '127.0.0.1' },
    ]);
    expect(await first.ask({ cmd: 'checklive', sn: REG.sn })).toEqual({ ret: 'checklive', result: true });
  });

  it('is refused from another address also when both register in the same moment', async () => {
    const [one, two] = await Promise.all([dial(), dial({ from: FROM_ELSEWHERE })]);
    const answers = await Promise.all([one.ask(REG), two.ask(REG)]);
    expect(answers.map(({ result }) => result).toSorted()).toEqual([false, true]);
    expect(host.alarms).toHaveLength(1);
  });
});

it('lets what had come be stored before it stops', async () => {
  const terminal = await registered();
  let finish = (): void => undefined;
  host.storing = new Promise((resolve) => (finish = resolve));
  terminal.say({ cmd: 'sendlog', sn: REG.sn, count: 1, logindex: 0, record: [PUNCH] });
  // Once a later message has been read, the earlier one has come.
  await gateway.openReader({ driver: 'aiface', serialNumber: REG.sn, weakerProof: false }).then((reader) => {
    terminal.onCommand = ({ cmd }) => ({ ret: cmd, time: '2026-01-28 08:13:00' });
    return reader.readClock();
  });
  const stopping = listener.stop();
  finish();
  await stopping;
  expect(host.batches).toHaveLength(1);
});
