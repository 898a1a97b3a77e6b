interface Entry<T> {
  at: number;
  order: number;
  value: T;
}

/** Items in the order of their due times; with the same time, in the order of addition. A binary heap. */
export class Timeline<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  /** @param at Due time in milliseconds since 1970. */
  add(at: number, value: T): void {
    this.#heap.push({ at, order: this.#added++, value });
    this.#up(this.#heap.length - 1);
  }

  /** Removes and returns the earliest entry that is due at `now`; undefined when none is due. */
  takeDue(now: number): { at: number; value: T } | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) {
      this.#heap[0] = last;
      this.#down(0);
    }
    return first;
  }

  #up(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapWhenEarlier(index, parent)) return;
      index = parent;
    }
  }

  #down(index: number): void {
    for (;;) {
      const left = 2 * index + 1;
      const earlier = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapWhenEarlier(earlier, index)) return;
      index = earlier;
    }
  }

  #swapWhenEarlier(lower: number, upper: number): boolean {
    if (!this.#isEarlier(lower, upper)) return false;
    const entry = this.#heap[lower] as Entry<T>;
    this.#heap[lower] = this.#heap[upper] as Entry<T>;
    this.#heap[upper] = entry;
    return true;
  }

  #isEarlier(a: number, b: number): boolean {
    const one = this.#heap[a];
    const other = this.#heap[b];
    if (one === undefined || other === undefined) return false;
    return one.at < other.at || (one.at === other.at && one.order < other.order);
  }
}
