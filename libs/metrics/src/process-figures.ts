import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { EventLoopDelay } from './event-loop-delay.js';

/** The version of the program. */
export const PROGRAM_VERSION = Symbol('PROGRAM_VERSION');

let shared: Registry | undefined;

/** What Node says of this process; collected once, however many applications the process holds. */
function nodeFigures(): Registry {
  if (!shared) {
    shared = new Registry();
    collectDefaultMetrics({ register: shared });
    // Each reader would reset them for the others; ours are by the minute.
    for (const { name } of shared.getMetricsAsArray()) {
      if (name.startsWith('nodejs_eventloop_lag')) shared.removeSingleMetric(name);
    }
  }
  return shared;
}

/** Figures of the process itself: memory, processor, event loop, version. */
@Injectable()
export class ProcessFigures implements OnModuleDestroy {
  private readonly own = new Registry();
  private readonly delay = new EventLoopDelay();

  constructor(@Inject(PROGRAM_VERSION) version: string) {
    const { delay, own } = this;
    new Gauge({
      name: 'holdfast_event_loop_delay_seconds',
      help: 'How late the event loop was within the last one to two minutes; 100 is the latest.',
      labelNames: ['percentile'],
      registers: [own],
      collect() {
        const { p50, p99, max } = delay.read();
        this.set({ percentile: '50' }, p50);
        this.set({ percentile: '99' }, p99);
        this.set({ percentile: '100' }, max);
      },
    });
    new Gauge({
      name: 'holdfast_build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['version', 'node_version'],
      registers: [own],
    }).set({ version, node_version: process.versions.node }, 1);
  }

  onModuleDestroy(): void {
    this.delay.stop();
  }

  registries(): readonly Registry[] {
    return [nodeFigures(), this.own];
  }
}
