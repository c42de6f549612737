import { type Slot } from '@app/kernel';
import { type TemplateRecord } from '@app/zk-protocol';
import { IncompleteReadError } from './device.errors.js';

/** What was read of a terminal's templates, before anybody may believe it. */
export interface UnprovenTemplates {
  readonly records: readonly TemplateRecord[];
  /** Undefined: the terminal does not count its templates. */
  readonly counterBefore: number | undefined;
  readonly counterAfter: number | undefined;
}

/**
 * Believes a read of all templates if the terminal counted as many before and after, and no finger of a slot came twice. Gives them by slot,
 * in the order of the fingers.
 * @throws {IncompleteReadError} naming the values that disagree
 */
export function proveTemplates(read: UnprovenTemplates): ReadonlyMap<Slot, readonly TemplateRecord[]> {
  const { records, counterBefore, counterAfter } = read;
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
  if (records.length !== counterBefore) {
    throw new IncompleteReadError(
      'counter-mismatch',
      `The terminal counts ${counterBefore} templates and sent ${records.length}; read it again, and restart it if that repeats`,
      { counter: counterBefore, received: records.length },
    );
  }
  return bySlot(records);
}

function bySlot(records: readonly TemplateRecord[]): ReadonlyMap<Slot, readonly TemplateRecord[]> {
  const slots = new Map<Slot, TemplateRecord[]>();
  for (const record of records) {
    const others = slots.get(record.slot) ?? [];
    if (others.some(({ finger }) => finger === record.finger)) {
      throw new IncompleteReadError(
        'duplicate-slot',
        `The terminal sent finger ${record.finger} of slot ${record.slot} twice; read it again`,
        { slot: record.slot, finger: record.finger },
      );
    }
    slots.set(record.slot, [...others, record]);
  }
  return new Map([...slots].map(([slot, fingers]) => [slot, fingers.toSorted((a, b) => a.finger - b.finger)]));
}
