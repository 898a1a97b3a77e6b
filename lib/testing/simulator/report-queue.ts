import type { SimulatorReport } from './simulator.records.js';

const COMPACT_AFTER = 1024;

/** The reports that wait for one account, oldest first. */
export class ReportQueue {
  #rows: SimulatorReport[] = [];
  #head = 0;

  /** A copy of what waits. */
  get waiting(): SimulatorReport[] {
    return this.#rows.slice(this.#head);
  }

  /** How many wait. */
  get size(): number {
    return this.#rows.length - this.#head;
  }

  put(row: SimulatorReport): void {
    this.#rows.push(row);
  }

  /** Takes at most `count` rows away: "Each dlr returned to the client will be deleted from the inbox". */
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
