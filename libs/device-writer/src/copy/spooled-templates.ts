import { type SpoolPlace } from './sealed-spool.js';

/** A template that lies in the spool. */
export interface SpooledTemplate extends SpoolPlace {
  readonly finger: number;
  readonly flag: number;
}

const SLOTS = 65_536;
const NONE = -1;
const FIRST_ROOM = 1_024;

/** Which template lies where, in arrays of numbers: as objects, those of a large terminal would take more than the list of users. */
export class SpooledTemplates {
  private count = 0;
  /** By slot, the template that came last; by template, the one of its slot before it. */
  private readonly newest = new Int32Array(SLOTS).fill(NONE);
  private earlier = new Int32Array(FIRST_ROOM);
  private offsets = new Float64Array(FIRST_ROOM);
  private lengths = new Uint32Array(FIRST_ROOM);
  private fingers = new Uint8Array(FIRST_ROOM);
  private flags = new Uint8Array(FIRST_ROOM);

  add(slot: number, { finger, flag, offset, length }: SpooledTemplate): void {
    if (this.count === this.offsets.length) this.grow();
    const place = this.count;
    this.earlier[place] = this.newest[slot];
    this.offsets[place] = offset;
    this.lengths[place] = length;
    this.fingers[place] = finger;
    this.flags[place] = flag;
    this.newest[slot] = place;
    this.count += 1;
  }

  /** Those of one slot, by finger. */
  of(slot: number): SpooledTemplate[] {
    const found: SpooledTemplate[] = [];
    for (let place = this.newest[slot]; place !== NONE; place = this.earlier[place]) {
      const [finger, flag] = [this.fingers[place], this.flags[place]];
      found.push({ finger, flag, offset: this.offsets[place], length: this.lengths[place] });
    }
    return found.toSorted((a, b) => a.finger - b.finger);
  }

  private grow(): void {
    const room = 2 * this.count;
    const { earlier, offsets, lengths, fingers, flags } = this;
    (this.earlier = new Int32Array(room)).set(earlier);
    (this.offsets = new Float64Array(room)).set(offsets);
    (this.lengths = new Uint32Array(room)).set(lengths);
    (this.fingers = new Uint8Array(room)).set(fingers);
    (this.flags = new Uint8Array(room)).set(flags);
  }
}
