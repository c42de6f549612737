import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/aas.js');

/** `holdfast aas …` */
export function addAasCommands(program: Command): void {
  const aas = program
    .command('aas')
    .description('the files of an AAS 6.0 attendance program; they are only read')
    .addHelpText('after', examples('aas check /mnt/aas'));
  aas
    .command('check <path>')
    .description(
      'read a folder, tmkq.mdb or CSV export and say what it holds, or why it cannot be believed; stores nothing',
    )
    .option('--password <password>', 'the database password, if it has one; else that in AAS_PASSWORD')
    .option(...JSON_OUT)
    .addHelpText('after', examples('aas check /mnt/aas', 'aas check tmkq.mdb --password fixture --json'))
    .action(lazily(async () => (await actions()).check));
  aas
    .command('sync')
    .description('import what is new in the files at AAS_PATH into the devices of AAS_DEVICES, now')
    .option(...JSON_OUT)
    .addHelpText('after', examples('aas sync'))
    .action(lazily(async () => (await actions()).sync));
}
