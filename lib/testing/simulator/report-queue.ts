import type { SimulatorReport } from './simulator.records.js';

const COMPACT_AFTER = 1024;

/** Reports of one account that wait to be downloaded or pushed, oldest first. */
export class ReportQueue {
  #rows: SimulatorReport[] = [];
  #head = 0;

  /** A copy of the waiting reports. */
  get waiting(): SimulatorReport[] {
    return this.#rows.slice(this.#head);
  }

  get size(): number {
    return this.#rows.length - this.#head;
  }

  put(row: SimulatorReport): void {
    this.#rows.push(row);
  }

  /** Removes and returns at most `count` rows: "Each dlr returned to the client will be deleted from the inbox". */
  take(count: number): SimulatorReport[] {
    const taken = this.#rows.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    if (this.#head > COMPACT_AFTER && this.#head * 2 > this.#rows.length) {
      this.#rows = this.#rows.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }
}
