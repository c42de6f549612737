import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { concat, defer, type Observable, ReplaySubject, switchMap, takeWhile } from 'rxjs';
import { map } from 'rxjs/operators';
import { SyncRunJournal } from './sync-run.journal.js';
import { type SyncRunRow } from './sync-run.entity.js';
import { type RunProgress } from './run.js';

/** What a watcher of a run is told: how far it is, and at last how it ended. */
export type RunNews = { readonly progress: RunProgress } | { readonly ended: SyncRunRow };

/** How often a run of another server is looked at; of our own runs, everything is told at once. */
const LOOK_EVERY_MS = 1_000;

/** Where live progress of runs can be watched, whichever server they run in. */
@Injectable()
export class RunProgressBoard {
  /** Runs of this process; who comes later is told the newest news first. */
  private readonly here = new Map<string, ReplaySubject<RunProgress>>();

  constructor(
    private readonly journal: SyncRunJournal,
    private readonly clock: Clock,
  ) {}

  begin(runId: string): void {
    this.here.set(runId, new ReplaySubject(1));
  }

  show(runId: string, progress: RunProgress): void {
    this.here.get(runId)?.next(progress);
  }

  end(runId: string): void {
    this.here.get(runId)?.complete();
    this.here.delete(runId);
  }

  /** The news of a run until it has ended, its end last. Rejects with SyncRunNotFoundError when there is no such run. */
  watch(runId: string): Observable<RunNews> {
    const live = (this.here.get(runId) ?? new ReplaySubject<RunProgress>(0)).asObservable();
    const own = this.here.has(runId) ? live.pipe(map((progress) => ({ progress }))) : [];
    return concat(own, this.theEnd(runId));
  }

  private theEnd(runId: string): Observable<RunNews> {
    const looks = async function* (clock: Clock): AsyncGenerator<void> {
      for (;;) {
        yield;
        await clock.sleep(LOOK_EVERY_MS);
      }
    };
    return defer(() => looks(this.clock)).pipe(
      switchMap(() => this.journal.get(runId)),
      map((run): RunNews => (run.outcome === 'running' ? { progress: { stage: 'elsewhere' } } : { ended: run })),
      takeWhile((news) => !('ended' in news), true),
    );
  }
}
