import { AppError } from '@app/kernel';

export class NothingToDrillError extends AppError {
  readonly code = 'backup/nothing-to-drill';
  readonly kind = 'conflict';

  constructor(filename: string) {
    super(
      `The backup ${filename} was made without a key, and holds neither PINs nor fingerprints nor faces: there is nothing to ` +
        'try out. Make keys (holdfast keys generate), and the next backup can be tried',
    );
  }
}

export class NoDrillHereError extends AppError {
  readonly code = 'backup/no-drill-here';
  readonly kind = 'unavailable';

  constructor() {
    super('This program has no emulated terminals to try a backup out on; ask the server');
  }
}
