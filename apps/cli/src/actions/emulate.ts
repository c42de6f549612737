import {
  type EmulatedUser,
  inventPunches,
  inventTemplates,
  inventUsers,
  ZkTerminal,
  type ZkTerminalOptions,
} from '@app/device-emulator';
import { AppError, formatWallTime, type WallTime, wallTimeFromDate } from '@app/kernel';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';

/** Punches that a terminal keeps; then it drops the oldest. */
const LOG_CAPACITY = 100_000;

interface EmulateOptions {
  readonly host: string;
  readonly port: number;
  readonly users: number;
  readonly seed: number;
  readonly commKey: number;
  readonly transport: 'tcp' | 'udp' | 'both';
  readonly recordWidth: '28' | '72';
  readonly serial?: string;
  readonly days: number;
  readonly punchEvery?: number;
  readonly connections: 'single' | 'many';
  readonly json?: boolean;
}

export const zk = (options: EmulateOptions): Promise<void> =>
  runCommand(options, ({ json, signal }) => emulateZk(options, json, signal));

async function emulateZk(options: EmulateOptions, json: boolean, signal: AbortSignal): Promise<ExitCode> {
  const recordWidth = options.recordWidth === '28' ? 28 : 72;
  const users = inventUsers({ count: options.users, seed: options.seed, recordWidth });
  const terminal = await startTerminal({
    host: options.host,
    port: options.port,
    commKey: options.commKey,
    transports: options.transport === 'both' ? ['tcp', 'udp'] : [options.transport],
    serialNumber: options.serial ?? `EMULATED${String(options.port).padStart(5, '0')}`,
    connections: options.connections,
    recordWidth,
    users,
    templates: inventTemplates(users, options.seed),
    punches: inventPunches(users, { days: options.days, until: new Date(), seed: options.seed }).slice(-LOG_CAPACITY),
  });
  if (json)
    printJson({ host: terminal.host, port: terminal.port, serial_number: terminal.serialNumber, users: users.length });
  else
    printData(
      `Emulated terminal ${terminal.serialNumber} with ${users.length} invented users at ${terminal.host}:${terminal.port}`,
    );
  tell('Its clock shows UTC. Ctrl-C stops it.');
  const punching = options.punchEvery && setInterval(() => punch(terminal, users), options.punchEvery * 1_000);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  clearInterval(punching);
  const commands = terminal.journal.entries.length;
  await terminal.stop();
  tell(`Stopped after ${commands} commands.`);
  return ExitCode.DONE;
}

async function startTerminal(options: ZkTerminalOptions): Promise<ZkTerminal> {
  try {
    return await ZkTerminal.start(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CannotListenError(`${options.host}:${options.port}`, code);
  }
}

/** The address that was asked for cannot be listened on. */
class CannotListenError extends AppError {
  readonly code = 'emulate/cannot-listen';
  readonly kind = 'invalid';

  constructor(address: string, reason: string) {
    super(`Nothing can listen on ${address} (${reason}); give another --port, or 0 for any free one`);
  }
}

function utcNow(): WallTime {
  return wallTimeFromDate(new Date());
}

/** Somebody comes or goes. */
function punch(terminal: ZkTerminal, users: readonly EmulatedUser[]): void {
  const user = users[Math.floor(Math.random() * users.length)];
  if (!user) return;
  const { slot, userId } = user;
  terminal.addPunch({ slot, userId, time: utcNow(), verify: 1, state: Math.random() < 0.5 ? 0 : 1 });
  tell(`${userId} punched at ${formatWallTime(utcNow())}`);
}
