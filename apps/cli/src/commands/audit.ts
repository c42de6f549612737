import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';

const actions = () => import('../actions/audit.js');

/** `holdfast audit …` */
export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('the record of what happened')
    .addHelpText('after', examples('audit verify'));
  audit
    .command('verify')
    .description('check that no entry was changed, removed or put in since it was written; exit code 1 if one was')
    .option('--kept <file>', 'also check that what this file tells of is still there: a document that --json wrote')
    .option('--json', 'one JSON document on standard output; keep it elsewhere, for --kept')
    .addHelpText(
      'after',
      examples('audit verify', 'audit verify --json > heads.json', 'audit verify --kept heads.json'),
    )
    .action(lazily(async () => (await actions()).verify));
}
