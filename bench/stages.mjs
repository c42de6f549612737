/** How long each stage of a piece of work took, as its progress tells. */
export class Stages {
  #name = 'start';
  #since = performance.now();
  #took = {};

  note = ({ stage }) => {
    if (stage !== this.#name) this.#change(stage);
  };

  /** Milliseconds by stage. */
  end() {
    this.#change('end');
    return this.#took;
  }

  #change(stage) {
    const now = performance.now();
    this.#took[this.#name] = (this.#took[this.#name] ?? 0) + now - this.#since;
    [this.#name, this.#since] = [stage, now];
  }
}
