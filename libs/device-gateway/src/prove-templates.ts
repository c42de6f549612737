import { type Slot } from '@app/kernel';
import { type TemplateRecord } from '@app/zk-protocol';
import { IncompleteReadError } from './device.errors.js';

/** The largest template record has 65,535 bytes; the largest real ones have under 2 KiB. */
const BYTES_PER_TEMPLATE = 4_096;
const SMALLEST_BOUND = 16 * 1024 * 1024;
const LARGEST_BOUND = 1024 * 1024 * 1024;
const FINGERS = 256;

/** How large a set of so many templates may be at most. */
export function mostTemplateBytes(templates = 0): number {
  return Math.min(Math.max(templates * BYTES_PER_TEMPLATE, SMALLEST_BOUND), LARGEST_BOUND);
}

/** What a terminal counted before and after its templates were read; undefined: it does not count them. */
export interface TemplateCounters {
  readonly counterBefore: number | undefined;
  readonly counterAfter: number | undefined;
}

/**
 * Believes a read of all templates, of which it is given one after the other, if the terminal counted as many before and after,
 * and no finger of a slot came twice. Keeps those that are wanted.
 */
export class TemplateProof {
  private count = 0;
  private readonly seen = new Set<number>();
  private readonly kept = new Map<Slot, TemplateRecord[]>();

  /** @throws {IncompleteReadError} that finger came before */
  take(record: TemplateRecord, keep: boolean): void {
    const { slot, finger, template } = record;
    const place = slot * FINGERS + finger;
    if (this.seen.has(place)) {
      throw new IncompleteReadError(
        'duplicate-slot',
        `The terminal sent finger ${finger} of slot ${slot} twice; read it again`,
        { slot, finger },
      );
    }
    this.seen.add(place);
    this.count += 1;
    // A copy: the piece that it came in is let go of.
    if (keep) this.kept.set(slot, [...(this.kept.get(slot) ?? []), { ...record, template: Buffer.from(template) }]);
  }

  /** Those that were kept, by slot and in the order of the fingers. @throws {IncompleteReadError} naming what disagrees */
  of({ counterBefore, counterAfter }: TemplateCounters): ReadonlyMap<Slot, readonly TemplateRecord[]> {
    if (counterBefore === undefined || counterAfter === undefined) {
      throw new IncompleteReadError(
        'no-counter',
        'The terminal does not count its templates, so that no read of them is proven',
      );
    }
    if (counterBefore !== counterAfter) {
      throw new IncompleteReadError(
        'counter-changed',
        `The terminal counted ${counterBefore} templates before the read and ${counterAfter} after it: somebody is ` +
          'enrolling or deleting; read it again when they are done',
        { counterBefore, counterAfter },
      );
    }
    if (this.count !== counterBefore) {
      throw new IncompleteReadError(
        'counter-mismatch',
        `The terminal counts ${counterBefore} templates and sent ${this.count}; read it again, and restart it if that repeats`,
        { counter: counterBefore, received: this.count },
      );
    }
    return new Map([...this.kept].map(([slot, records]) => [slot, records.toSorted((a, b) => a.finger - b.finger)]));
  }
}
