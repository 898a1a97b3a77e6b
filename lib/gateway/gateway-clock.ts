/** Tolerated difference between the two clocks of this machine, measured since the last answer. */
const APART_MS = 1_000;

/** The clock of the gateway, by the `Date` header of its last answer. @see RFC 9110, 6.6.1 */
export class GatewayClock {
  #answeredAt: number | undefined;
  #lastDate: { date: string; wall: number; steady: number } | undefined;

  /** Notes an answer. @param date Its `Date` header. */
  note(date: unknown): void {
    const steady = (this.#answeredAt = performance.now());
    if (typeof date === 'string') this.#lastDate = { date, wall: Date.now(), steady };
  }

  /** Whether an answer came within the last `ms` milliseconds, with or without a `Date`. */
  wasHeardWithin(ms: number): boolean {
    return this.#answeredAt !== undefined && performance.now() - this.#answeredAt <= ms;
  }

  /**
   * The time of the gateway in milliseconds since 1970. Undefined when no answer within `withinMs` had a valid `Date`, or when
   * this machine was suspended or its clock was changed since that answer.
   */
  now(withinMs = Infinity): number | undefined {
    if (!this.#lastDate) return undefined;
    const { date, wall, steady } = this.#lastDate;
    const passed = performance.now() - steady;
    const at = Date.parse(date);
    if (Number.isNaN(at) || passed > withinMs || Math.abs(Date.now() - wall - passed) > APART_MS) return undefined;
    return at + passed;
  }
}
