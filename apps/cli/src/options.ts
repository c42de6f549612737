import { Option } from 'commander';

/** `.option(...JSON_OUT)`: for programs. */
export const JSON_OUT = ['--json', 'one JSON document on standard output'] as const;

/** Of lists: `--jsonl`, instead of `--json`. */
export function jsonLinesOption(): Option {
  return new Option('--jsonl', 'one JSON document a line, an item each').conflicts('json');
}

/** The parser of an option that may be repeated; its default is an empty list. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
