import tab from '@bomb.sh/tab/commander';
import { type Command } from 'commander';
import { examples } from '../examples.js';

/** `holdfast completion <shell>`, and the hidden `complete` which the script asks. Knows the commands that are there by now. */
export function addCompletionCommand(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
  program.commands
    .find((command) => command.name() === 'completion')
    ?.description('print the script with which a shell completes the commands of holdfast')
    .addHelpText('after', examples('completion bash', 'completion zsh', 'completion fish', 'completion powershell'))
    .addHelpText('after', '\nFor bash: put `source <(holdfast completion bash)` into ~/.bashrc.');
}
