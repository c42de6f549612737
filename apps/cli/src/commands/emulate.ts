import { type Command, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';
import { addEmulateAiface } from './emulate-aiface.js';
import { parseCommKey, wholeNumber } from './target-options.js';

const actions = () => import('../actions/emulate.js');

/** `holdfast emulate …`: terminals with invented people, to try things on. */
export function addEmulateCommands(program: Command): void {
  const emulate = program
    .command('emulate')
    .description('run an emulated terminal with invented people')
    .addHelpText('after', examples('emulate zk --port 4370', 'emulate aiface --server ws://127.0.0.1:7788'));
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
    .option('--serial <text>', 'its serial number; unless given, the port is part of it')
    .option('--days <count>', 'how many days of punches its log holds', wholeNumber(0, 365), 10)
    .option('--punch-every <seconds>', 'somebody punches that often, as long as it runs', wholeNumber(1, 3_600))
    .addOption(
      new Option('--connections <kind>', 'single: a second client drops the first, as most terminals do')
        .choices(['single', 'many'])
        .default('single'),
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('emulate zk --port 4370 --users 500 --punch-every 5'))
    .action(lazily(async () => (await actions()).zk));
  addEmulateAiface(emulate);
}
