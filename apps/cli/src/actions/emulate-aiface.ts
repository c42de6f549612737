import {
  aifacePunchOf,
  type AifaceProfileName,
  AifaceTerminal,
  inventAifaceUsers,
  inventPunches,
  inventUsers,
} from '@app/device-emulator';
import { AppError, formatWallTime } from '@app/kernel';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';

interface EmulateAifaceOptions {
  readonly server: string;
  readonly profile: AifaceProfileName;
  readonly serial: string;
  readonly users: number;
  readonly seed: number;
  readonly days: number;
  readonly punchEvery?: number;
  readonly new?: boolean;
  readonly json?: boolean;
}

export const aiface = (options: EmulateAifaceOptions): Promise<void> =>
  runCommand(options, ({ json, signal }) => emulateAiface(options, json, signal));

async function emulateAiface(options: EmulateAifaceOptions, json: boolean, signal: AbortSignal): Promise<ExitCode> {
  const { users: count, seed, days, serial: serialNumber } = options;
  const users = inventAifaceUsers({ count, seed });
  const terminal = AifaceTerminal.start({
    server: serverUrl(options.server),
    profile: options.profile,
    serialNumber,
    users,
    punches: inventPunches(inventUsers({ count, seed }), { days, until: new Date(), seed }).map(aifacePunchOf),
    known: options.new !== true,
    userCapacity: Math.max(5_000, count),
    onLog: (text) => tell(`${formatWallTime(terminal.time())} ${text}`),
  });
  if (json) printJson({ serial_number: serialNumber, server: options.server, users: users.length });
  else printData(`Emulated terminal ${serialNumber} with ${users.length} invented users dials ${options.server}`);
  tell('It shows what the server says. Ctrl-C stops it.');
  const punching =
    options.punchEvery !== undefined &&
    users.length > 0 &&
    setInterval(() => {
      const user = users[Math.floor(Math.random() * users.length)];
      const { time } = terminal.punch(user, Math.random() < 0.5 ? 0 : 1);
      tell(`${formatWallTime(time)} ${user.enrollId} punched`);
    }, options.punchEvery * 1_000);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  if (punching) clearInterval(punching);
  const messages = terminal.journal.entries.length;
  await terminal.stop();
  tell(`Stopped after ${messages} messages of the server.`);
  return ExitCode.DONE;
}

/** @throws {BadServerUrlError} */
function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['ws:', 'wss:'].includes(url.protocol) && url.hostname !== '') return text;
  throw new BadServerUrlError(text);
}

/** What the terminal is to dial is no address of a WebSocket. */
class BadServerUrlError extends AppError {
  readonly code = 'emulate/bad-server';
  readonly kind = 'invalid';

  constructor(text: string) {
    super(`"${text}" is no server to dial; give its URL, such as ws://127.0.0.1:7788`);
  }
}
