import { type Command } from 'commander';
import { ExitCode } from '../exit-code.js';
import { tell } from '../output.js';

/** `holdfast token replace` is what older notes say; whoever types it learns what to type now. */
export function addTokenCommands(program: Command): void {
  program
    .command('token', { hidden: true })
    .command('replace')
    .description('made a new administrator token; accounts and keys have taken its place')
    .option('--json', 'of no effect')
    .action(() => {
      tell(
        'holdfast: there is no single token any more; accounts and API keys have taken its place.\n' +
          '  a key for a program:   holdfast key create <name> --role administrator\n' +
          '  a key that has leaked: holdfast key list, then holdfast key revoke <key>\n' +
          '  a lost password:       holdfast account password <name>',
      );
      process.exitCode = ExitCode.USAGE;
    });
}
