/** The last part of a command's help: lines to copy. Every command has some. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ holdfast ${line}`).join('\n')}`;
}
