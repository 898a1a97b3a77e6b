/** Tolerated difference between two clocks of this machine, in milliseconds since an answer. */
const APART_MS = 1_000;

/** The clock of the gateway, as the `Date` of its answers tells it. @see RFC 9110, 6.6.1 */
export class GatewayClock {
  #heardAt: number | undefined;
  #told: { date: string; wall: number; steady: number } | undefined;

  /** An answer came. @param date Its header of this name. */
  note(date: unknown): void {
    const steady = (this.#heardAt = performance.now());
    if (typeof date === 'string') this.#told = { date, wall: Date.now(), steady };
  }

  /** Whether an answer came in the last so many milliseconds, with the time or without. */
  wasHeardWithin(ms: number): boolean {
    return this.#heardAt !== undefined && performance.now() - this.#heardAt <= ms;
  }

  /**
   * Milliseconds since 1970; undefined when no answer has told it in the last so many milliseconds, or this machine has slept
   * or its clock was set since then.
   */
  now(withinMs = Infinity): number | undefined {
    if (!this.#told) return undefined;
    const { date, wall, steady } = this.#told;
    const passed = performance.now() - steady;
    const at = Date.parse(date);
    if (Number.isNaN(at) || passed > withinMs || Math.abs(Date.now() - wall - passed) > APART_MS) return undefined;
    return at + passed;
  }
}
