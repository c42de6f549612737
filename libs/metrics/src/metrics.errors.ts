import { AppError } from '@app/kernel';

/** `METRICS=off`. */
export class MetricsOffError extends AppError {
  readonly code = 'metrics/off';
  readonly kind = 'not-found';

  constructor() {
    super('This server does not show its figures, since METRICS is off; set METRICS=key or METRICS=loopback');
  }
}
