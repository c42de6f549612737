import { inventTemplates, inventUsers, ZkTerminal } from '@app/device-emulator';
import { type Command, Option } from 'commander';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';
import { parseCommKey, wholeNumber } from './target-options.js';

interface EmulateOptions {
  readonly host: string;
  readonly port: number;
  readonly users: number;
  readonly seed: number;
  readonly commKey: number;
  readonly transport: 'tcp' | 'udp' | 'both';
  readonly recordWidth: '28' | '72';
  readonly serial: string;
  readonly json?: boolean;
}

/** `holdfast emulate …`: terminals with invented people, to try things on. */
export function addEmulateCommands(program: Command): void {
  const emulate = program.command('emulate').description('run an emulated terminal with invented people');
  emulate
    .command('zk')
    .description('a ZK terminal over real sockets, until Ctrl-C')
    .option('--port <number>', 'TCP and UDP port; 0: any free one', wholeNumber(0, 65_535), 4370)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--users <count>', 'how many people are enrolled', wholeNumber(0, 50_000), 250)
    .option('--seed <number>', 'the same seed invents the same people', wholeNumber(0, 2_147_483_647), 1)
    .option('--comm-key <number>', 'comm key that it asks for; 0: none', parseCommKey, 0)
    .addOption(new Option('--transport <name>', 'what it answers on').choices(['tcp', 'udp', 'both']).default('both'))
    .addOption(
      new Option('--record-width <bytes>', 'user record: 72 colour, 28 older firmware')
        .choices(['28', '72'])
        .default('72'),
    )
    .option('--serial <text>', 'its serial number', 'EMULATED0001')
    .option('--json', 'one JSON document on standard output')
    .action((options: EmulateOptions) => runCommand(options, ({ json, signal }) => emulateZk(options, json, signal)));
}

async function emulateZk(options: EmulateOptions, json: boolean, signal: AbortSignal): Promise<ExitCode> {
  const recordWidth = options.recordWidth === '28' ? 28 : 72;
  const users = inventUsers({ count: options.users, seed: options.seed, recordWidth });
  const terminal = await ZkTerminal.start({
    host: options.host,
    port: options.port,
    commKey: options.commKey,
    transports: options.transport === 'both' ? ['tcp', 'udp'] : [options.transport],
    serialNumber: options.serial,
    recordWidth,
    users,
    templates: inventTemplates(users, options.seed),
  });
  if (json)
    printJson({ host: terminal.host, port: terminal.port, serial_number: terminal.serialNumber, users: users.length });
  else
    printData(
      `Emulated terminal ${terminal.serialNumber} with ${users.length} invented users at ${terminal.host}:${terminal.port}`,
    );
  tell('Ctrl-C stops it.');
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  const commands = terminal.journal.entries.length;
  await terminal.stop();
  tell(`Stopped after ${commands} commands.`);
  return ExitCode.DONE;
}
