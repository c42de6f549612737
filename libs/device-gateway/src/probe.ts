import { formatWallTime } from '@app/kernel';
import { type CompleteUserRead } from './complete-user-read.js';
import { DeviceError, type DeviceErrorCode, PROBE_STAGES, type ProbeStageName } from './device.errors.js';
import { type DeviceReader } from './device-reader.js';
import { type AddressTarget } from './device-target.js';

/** What one stage of a probe came to. */
export interface ProbeStageResult {
  readonly stage: ProbeStageName;
  readonly ok: boolean;
  /** For people. */
  readonly detail: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly likelyCause?: string;
  readonly nextStep?: string;
}

/** Likely cause and next step of an error code, and for a silent handshake of its own. */
const ADVICE: Partial<Record<DeviceErrorCode | 'handshake/device/timeout', readonly [string, string]>> = {
  'device/unresolved': [
    'a mistyped name, or no DNS entry for it',
    'use the IP address from the terminal’s network menu',
  ],
  'device/address-not-allowed': [
    'the address is outside of the networks that terminals may be in',
    'add its network to DEVICE_NETWORKS',
  ],
  'device/unreachable': [
    'the terminal is off, on another network, or its port is not this one',
    'ping it from this machine; compare address and port with its communication menu',
  ],
  'device/timeout': [
    'a firewall drops the packets, or the terminal is busy',
    'try from the terminal’s own network; restart the terminal',
  ],
  'handshake/device/timeout': [
    'another program holds the terminal’s only connection, or it speaks UDP only',
    'close the vendor’s software, then try again; or try --transport udp',
  ],
  'device/connection-lost': [
    'another program took over the terminal’s only connection',
    'close the vendor’s software, then try again',
  ],
  'device/not-zk': [
    'another kind of device or service answers on this port',
    'check the address; AiFace terminals dial in instead',
  ],
  'device/closed-protocol': [
    'recent firmware that only speaks the vendor’s closed protocol',
    'look for a “standalone communication” setting',
  ],
  'device/unauthorised': [
    'the terminal has a comm key, or another one',
    'read it in the terminal’s communication menu, give it as --comm-key',
  ],
  'device/incomplete-read': [
    'the list changed while it was read, or packets were lost',
    'try again; over UDP, try --transport tcp',
  ],
  'device/serial-mismatch': [
    'the terminal was replaced, or the address was given to another one',
    'add the new terminal as a device',
  ],
  'device/driver-crashed': ['npm node-zklib does not cope with this terminal', 'use --driver zk'],
};

const DONE: Readonly<Record<'connect' | 'handshake' | 'authenticate', string>> = {
  connect: 'the port answers',
  handshake: 'it speaks the ZK protocol',
  authenticate: 'the comm key is accepted',
};

/** Goes through the stages in order; after the first one that fails, the rest are told as not tried. */
export async function* probeDevice(
  target: AddressTarget,
  resolve: () => Promise<string>,
  open: (onStage: (stage: ProbeStageName) => void) => Promise<DeviceReader>,
): AsyncGenerator<ProbeStageResult> {
  const reported = new Set<ProbeStageName>();
  let reader: DeviceReader | undefined;
  let stage: ProbeStageName = 'resolve';
  let startedAt = performance.now();
  const ok = (name: ProbeStageName, detail: string, facts?: Record<string, unknown>): ProbeStageResult => {
    reported.add(name);
    const durationMs = Math.round(performance.now() - startedAt);
    startedAt = performance.now();
    return { stage: name, ok: true, detail, facts, durationMs };
  };
  try {
    const address = await resolve();
    yield ok('resolve', address === target.host ? `${address} is an address` : `${target.host} is ${address}`);
    const passed: ProbeStageName[] = [];
    reader = await open((next) => {
      passed.push(next);
      stage = next;
    });
    for (const name of ['connect', 'handshake', 'authenticate'] as const) {
      yield ok(
        name,
        passed.includes(name) ? DONE[name] : 'no comm key is wanted',
        name === 'handshake' ? { ...reader.identity } : undefined,
      );
    }
    stage = 'read';
    const read = await reader.readUsers();
    yield ok('read', `${read.users.length} users of ${describe(reader)}`, {
      users: read.users.length,
      invalid: read.invalid.length,
    });
    stage = 'counter';
    yield ok('counter', counterText(read), { ...read.proof });
    stage = 'clock';
    const clock = formatWallTime(await reader.readClock());
    yield ok('clock', `it shows ${clock}`, { device_time: clock });
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const failed = error.stage ?? stage;
    for (const name of PROBE_STAGES) {
      if (reported.has(name)) continue;
      if (name === failed) yield failure(name, error, Math.round(performance.now() - startedAt));
      else if (PROBE_STAGES.indexOf(name) < PROBE_STAGES.indexOf(failed))
        yield ok(name, name in DONE ? DONE[name as keyof typeof DONE] : 'passed');
      else yield { stage: name, ok: false, detail: 'not tried', durationMs: 0 };
    }
  } finally {
    await reader?.close();
  }
}

function describe({ identity }: DeviceReader): string {
  const { model, serialNumber, firmware } = identity;
  return `${model ?? 'a terminal'}, serial ${serialNumber}${firmware ? `, firmware ${firmware}` : ''}`;
}

function counterText({ proof }: CompleteUserRead): string {
  return `its counter says ${proof.counterBefore} before and ${proof.counterAfter} after: the list is complete`;
}

function failure(stage: ProbeStageName, error: DeviceError, durationMs: number): ProbeStageResult {
  const advice = ADVICE[`${stage}/${error.code}` as keyof typeof ADVICE] ?? ADVICE[error.code];
  const { code, message } = error;
  return {
    stage,
    ok: false,
    detail: message,
    durationMs,
    error: { code, message },
    likelyCause: advice?.[0],
    nextStep: advice?.[1],
  };
}
