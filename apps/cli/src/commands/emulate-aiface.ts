import { type Command, Option } from 'commander';
import { EMULATED_PROFILES } from '../choices.js';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';
import { wholeNumber } from './target-options.js';

const actions = () => import('../actions/emulate-aiface.js');

export function addEmulateAiface(emulate: Command): void {
  emulate
    .command('aiface')
    .description('an AiFace terminal (AI06) that dials in to a server, until Ctrl-C')
    .requiredOption('--server <url>', 'where it dials, such as ws://127.0.0.1:7788')
    .addOption(
      new Option('--profile <name>', 'whose firmware it behaves like').choices(EMULATED_PROFILES).default('ai06'),
    )
    .option('--serial <text>', 'its serial number', 'EMULATEDAI06')
    .option('--users <count>', 'how many people are enrolled, most with a face', wholeNumber(0, 50_000), 250)
    .option('--seed <number>', 'the same seed invents the same people', wholeNumber(0, 2_147_483_647), 2)
    .option('--days <count>', 'how many days of punches its log holds', wholeNumber(0, 365), 10)
    .option('--punch-every <seconds>', 'somebody punches that often, as long as it runs', wholeNumber(1, 3_600))
    .option('--new', 'no server knows its people and punches: it hands all of them over')
    .option(...JSON_OUT)
    .addHelpText('after', examples('emulate aiface --server ws://127.0.0.1:7788'))
    .action(lazily(async () => (await actions()).aiface));
}
