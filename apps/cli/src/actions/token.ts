import { ExitCode } from '../exit-code.js';
import { tell } from '../output.js';

export async function replace(): Promise<void> {
  tell(
    'holdfast: there is no single token any more; accounts and API keys have taken its place.\n' +
      '  a key for a program:   holdfast key create <name> --role administrator\n' +
      '  a key that has leaked: holdfast key list, then holdfast key revoke <key>\n' +
      '  a lost password:       holdfast account password <name>',
  );
  process.exitCode = ExitCode.USAGE;
}
