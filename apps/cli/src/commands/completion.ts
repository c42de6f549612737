import { Argument, type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';

const actions = () => import('../actions/completion.js');

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];

const INSTALLING = `
To have it in every new shell:
  bash         echo 'source <(holdfast completion bash)' >> ~/.bashrc
  zsh          echo 'source <(holdfast completion zsh)' >> ~/.zshrc
  fish         holdfast completion fish > ~/.config/fish/completions/holdfast.fish
  powershell   holdfast completion powershell >> $PROFILE`;

/** `holdfast completion <shell>`, and what its script asks at every tab. */
export function addCompletionCommands(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes commands, options and their choices in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .addHelpText('after', INSTALLING)
    .addHelpText('after', examples('completion bash', 'completion zsh'))
    .action(lazily(async () => (await actions()).printScript));
  program
    .command('complete [words...]', { hidden: true })
    .description('what the script of `completion` asks: how the last of these words may go on')
    .addHelpText('after', examples('complete -- conflict ""'))
    .action(lazily(async () => (await actions()).complete));
}
