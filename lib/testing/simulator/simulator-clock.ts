/**
 * Clock of a simulator: real time plus the time that a test has advanced, so that a test of an hour's delay takes no hour.
 *
 * The engine has no timers: at each request, and each time its records are read, it executes what is due by this clock.
 */
export class SimulatorClock {
  readonly #source: () => number;
  #advancedMs = 0;
  #latest = -Infinity;

  /** @param source Milliseconds since 1970, without the advanced time. Default: the real time (`Date.now`). */
  constructor(source: () => number = Date.now) {
    this.#source = source;
  }

  /** Creates a clock that starts at `start` (a date or milliseconds since 1970); only {@link advance} moves it. */
  static stoppedAt(start: Date | number): SimulatorClock {
    const at = Number(start);
    if (!Number.isFinite(at)) throw new RangeError('SimulatorClock.stoppedAt needs a valid date');
    return new SimulatorClock(() => at);
  }

  /** Milliseconds since 1970. Never decreases, even when the real clock is set back. */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#source() + this.#advancedMs);
    return this.#latest;
  }

  /**
   * Moves the clock forward.
   *
   * @param ms Milliseconds, 0 or more.
   * @throws RangeError for a negative number, or one that is not finite.
   */
  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('SimulatorClock.advance needs 0 or more milliseconds');
    this.#advancedMs += ms;
  }
}
