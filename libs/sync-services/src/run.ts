import { type SightingTotals } from '@app/buffer';
import { type DeviceError, type ReadProgress } from '@app/device-gateway';
import { type Actor } from '@app/kernel';
import { type WatchFindings } from '@app/monitoring';
import { type ImportTotals } from '@app/punches';

/** Who asks for a run, in whose name, and who wants to watch. */
export interface RunRequest {
  /** The service's name in the requirements: `machineSyncService`, … */
  readonly service: string;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  /** Told the run's number before anything else happens. */
  readonly onStarted?: (runId: string) => void;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Asked once the lease is held: false, and the run leaves no trace, since another server has done its work. */
  readonly stillWanted?: () => Promise<boolean>;
}

/**
 * Where a run is: waiting for its turn, then what the reader says, then storing. `elsewhere`: another server runs it, and
 * how far it is cannot be seen from here.
 */
export type RunProgress = { readonly stage: 'waiting' | 'connecting' | 'storing' | 'elsewhere' } | ReadProgress;

/** What a run found and did. */
export interface RunFindings {
  readonly runId: string;
  /** Undefined: it read no users, which is not the same as none. */
  readonly totals?: SightingTotals;
  /** Records that decoded but cannot be a user. */
  readonly invalid?: number;
  /** Undefined: the log could not be read with proof, and `punchFailure` says why. */
  readonly punches?: ImportTotals;
  readonly punchFailure?: DeviceError;
  /** Punches that the terminal had handed over of its own accord, and that its log had not told. */
  readonly punchesHandedOver?: number;
  /** Who is missing, returned or new, compared with what was known. */
  readonly watched?: WatchFindings;
  /** By how much the terminal's clock is ahead of ours; negative: behind. */
  readonly clockDriftSeconds?: number;
}

/** What a run against a terminal found: its users in any case. */
export type FinishedRun = RunFindings &
  Required<Pick<RunFindings, 'totals' | 'invalid'>> & {
    /** The terminal's own count of its users, before and after the read: the users read and the invalid records. */
    readonly counted: number;
  };
