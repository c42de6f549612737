import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Command, CommanderError, type Option } from 'commander';
import ts from 'typescript';
import { buildProgram } from './program.js';

/** Commands whose output is not data, so that a program has nothing to read from it. */
const WITHOUT_JSON = new Map([
  ['support-bundle', 'it writes a JSON file'],
  ['completion', 'its output is a script for a shell'],
  ['serve', 'its output is the log'],
]);
/** What loads so much that help would be slow. */
const HEAVY = /^(@nestjs\/|typeorm|pg$|pg\/|class-validator|class-transformer|rxjs|cli-table3|cli-progress|pino)/;

/** Every command with its full name, the hidden ones left out. */
function commandsOf(command: Command, above: readonly string[] = []): { name: string; command: Command }[] {
  return command.commands
    .filter((each) => each.name() !== 'help' && !(each as unknown as { _hidden: boolean })._hidden)
    .flatMap((each) => {
      const path = [...above, each.name()];
      return [{ name: path.join(' '), command: each }, ...commandsOf(each, path)];
    });
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (piece) => void (text += piece) }).outputHelp();
  return text;
}

function examplesOf(command: Command): string[] {
  const [, after = ''] = helpOf(command).split('\nExamples:\n');
  return after
    .split('\n')
    .filter((line) => line.startsWith('  $ '))
    .map((line) => line.slice('  $ '.length));
}

/** Words of a line as a shell has them. */
function wordsOf(line: string): string[] {
  const [command] = line.split(/ [|>] /);
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
}

const commands = commandsOf(buildProgram());
const verbs = commands.filter(({ command }) => command.commands.length === 0);

describe('the command line', () => {
  it('has the nouns of an operator’s day', () => {
    const nouns = buildProgram().commands.flatMap((command) => [command.name(), ...command.aliases()]);
    const wanted =
      'db device buffer conflicts incidents backup restore audit people keys account emulate doctor support-bundle completion ' +
      'config sync serve';
    for (const noun of wanted.split(' ')) expect(nouns).toContain(noun);
  });

  it.each(commands)('`$name` says what it is for, with examples of its own', ({ name, command }) => {
    expect(command.description()).not.toBe('');
    const lines = examplesOf(command);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(new RegExp(`^holdfast ${name}( |$)`));
  });

  it('has examples that it understands', async () => {
    for (const { command } of [{ command: buildProgram() }, ...commands]) {
      for (const line of examplesOf(command)) {
        const fresh = buildProgram();
        const ran: string[] = [];
        silence(fresh, (name) => ran.push(name));
        await fresh.parseAsync(wordsOf(line).slice(1), { from: 'user' }).catch((error: unknown) => {
          const reason = error instanceof CommanderError ? error.message : String(error);
          throw new Error(`not understood: ${line}: ${reason}`);
        });
        expect({ line, ran: ran.length }).toEqual({ line, ran: 1 });
      }
    }
  });

  it.each(verbs)('`$name` speaks JSON, unless it has no data', ({ name, command }) => {
    const longs = command.options.map(({ long }: Option) => long);
    expect(longs.includes('--json')).toBe(!WITHOUT_JSON.has(name));
  });

  it('gives every list item by item too', () => {
    const lists = verbs.filter(({ name }) => / (list|pending|deletions|users)$/.test(name));
    expect(lists.length).toBeGreaterThan(10);
    for (const { name, command } of lists)
      expect({ name, jsonl: command.options.some(({ long }) => long === '--jsonl') }).toEqual({ name, jsonl: true });
  });

  it('asks before it changes a terminal, and does not where --yes is given', () => {
    for (const name of ['device-user delete', 'device-user undelete', 'conflict resolve', 'restore apply', 'erase']) {
      const { command } = verbs.find((each) => each.name === name) ?? {};
      expect({ name, yes: command?.options.some(({ long }) => long === '--yes') }).toEqual({ name, yes: true });
    }
  });

  it('loads nothing heavy before a command is run, so that help is quick', () => {
    const reached = importsFrom(resolve('apps/cli/src/main.ts'));
    expect(reached.size).toBeGreaterThan(40);
    expect([...reached].filter((name) => HEAVY.test(name))).toEqual([]);
  });
});

/** Makes all actions do nothing but say that they were called, and nothing print. */
function silence(command: Command, called: (name: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => called(command.name()));
  for (const each of command.commands) silence(each, called);
}

/** Everything that a file imports as a value, however far down: files by path, packages by name. */
function importsFrom(file: string, reached = new Set<string>()): Set<string> {
  if (reached.has(file)) return reached;
  reached.add(file);
  const { importedFiles } = ts.preProcessFile(withoutTypes(readFileSync(file, 'utf8')), true, true);
  for (const { fileName } of importedFiles) {
    if (fileName.startsWith('.')) importsFrom(resolve(dirname(file), fileName.replace(/\.js$/, '.ts')), reached);
    else if (fileName.startsWith('@app/'))
      importsFrom(resolve(`libs/${fileName.slice('@app/'.length)}/src/index.ts`), reached);
    else reached.add(fileName);
  }
  return reached;
}

/** As the compiler emits it: type-only imports are gone; `import()` stays a promise and is not followed. */
function withoutTypes(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, experimentalDecorators: true },
  });
  return outputText.replaceAll(/\bimport\(/g, 'load(');
}
