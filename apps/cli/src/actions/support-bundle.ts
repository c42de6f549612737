import { writeFile } from 'node:fs/promises';
import { AppError } from '@app/kernel';
import { ExitCode } from '../exit-code.js';
import { printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';
import { collectBundle } from '../support/support-bundle.js';

export interface BundleOptions {
  readonly out?: string;
  readonly log: readonly string[];
}

/** The file cannot be written, or is there already. */
export class BundleNotWrittenError extends AppError {
  readonly code = 'cli/bundle-not-written';
  readonly kind = 'invalid';
}

export const supportBundle = (options: BundleOptions): Promise<void> =>
  runCommand({}, async () => {
    const bundle = await collectBundle({ logs: options.log, onStage: tell });
    if (options.out === '-') {
      printJson(bundle);
      return ExitCode.DONE;
    }
    const file = options.out ?? `holdfast-support-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`;
    try {
      // `wx`: what is there already is not written over.
      await writeFile(file, `${JSON.stringify(bundle, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new BundleNotWrittenError(`${file} cannot be written (${code}); give another name with --out`, { cause });
    }
    tell(
      `${file} is written. Read it before you give it away: it holds no secrets that are known, and no names of people.`,
    );
    return ExitCode.DONE;
  });
