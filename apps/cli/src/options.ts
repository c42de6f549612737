import { Option } from 'commander';

/** `.option(...JSON_OUT)`: for programs. */
export const JSON_OUT = ['--json', 'one JSON document on standard output'] as const;

/** Of lists: `--jsonl`, instead of `--json`. */
export function jsonLinesOption(): Option {
  return new Option('--jsonl', 'one JSON document a line, an item each').conflicts('json');
}
