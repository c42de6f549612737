import tab, { type Command as TabCommand } from '@bomb.sh/tab';
import { type Argument, type Command, type Option } from 'commander';
import { printData } from '../output.js';
import { BASH_COMPLETION } from './bash-completion.js';

const NAME = 'holdfast';

export const printScript = async (shell: string): Promise<void> => {
  if (shell === 'bash') printData(BASH_COMPLETION);
  else tab.setup(NAME, NAME, shell);
};

export const complete = async (words: string[], _options: object, command: Command): Promise<void> => {
  const program = command.parent ?? command;
  describeCommand(tab, program);
  for (const child of visibleCommandsOf(program)) describeTree([], child);
  tab.parse(words);
};

/** A command with all below it, under each of its names. */
function describeTree(above: readonly string[], command: Command): void {
  for (const name of [command.name(), ...command.aliases()]) {
    const path = [...above, name];
    describeCommand(tab.command(path.join(' '), command.description()), command);
    for (const child of visibleCommandsOf(command)) describeTree(path, child);
  }
}

function describeCommand(described: TabCommand, command: Command): void {
  for (const option of command.createHelp().visibleOptions(command)) describeOption(described, option);
  for (const argument of command.registeredArguments)
    described.argument(argument.name(), offering(choicesOf(argument)), argument.variadic);
}

function describeOption(described: TabCommand, option: Option): void {
  if (option.long === undefined) return;
  const name = option.long.replace(/^--/, '');
  if (option.isBoolean() || option.negate) described.option(name, option.description);
  else described.option(name, option.description, offering(choicesOf(option)));
}

function choicesOf({ argChoices = [] }: Option | Argument): readonly string[] {
  return argChoices;
}

/** Offers nothing where anything may be typed. */
function offering(choices: readonly string[]): (offer: (value: string, description: string) => void) => void {
  return (offer) => choices.forEach((choice) => offer(choice, ''));
}

function visibleCommandsOf(command: Command): readonly Command[] {
  return command.createHelp().visibleCommands(command);
}
