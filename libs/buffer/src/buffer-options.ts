/** How long a row is kept after its last sighting. */
export interface BufferOptions {
  /** 90 or more (requirement 2.5); AppConfig refuses less. */
  readonly retentionDays: number;
}

export const BUFFER_OPTIONS = Symbol('BUFFER_OPTIONS');
