/** Whoever shares less than this part of what the best one shares is not looked at. */
const WORTH_A_LOOK = 0.35;

/** Adds up what each of many people shares with a name, word by word; of one word, only the best match counts. */
export class Shares {
  private readonly total: Float64Array;
  private readonly ofWord: Float64Array;
  private readonly met: number[] = [];
  private metByWord: number[] = [];

  constructor(people: number) {
    this.total = new Float64Array(people);
    this.ofWord = new Float64Array(people);
  }

  add(people: readonly number[], share: number): void {
    for (const person of people) {
      if (this.ofWord[person] === 0) this.metByWord.push(person);
      if (this.ofWord[person] < share) this.ofWord[person] = share;
    }
  }

  endOfWord(): void {
    for (const person of this.metByWord) {
      if (this.total[person] === 0) this.met.push(person);
      this.total[person] += this.ofWord[person];
      this.ofWord[person] = 0;
    }
    this.metByWord = [];
  }

  /** The people who share the most, at most `count`, of those that `accepts` lets through. */
  best(count: number, accepts: (person: number) => boolean): number[] {
    let most = 0;
    for (const person of this.met) if (this.total[person] > most && accepts(person)) most = this.total[person];
    return this.met
      .filter((person) => this.total[person] >= most * WORTH_A_LOOK)
      .sort((a, b) => this.total[b] - this.total[a] || a - b)
      .filter(accepts)
      .slice(0, count);
  }
}
