/**
 * The time that a simulator lives by: real time plus what a test has advanced, so that a delay of an hour needs no hour.
 *
 * Nothing in the engine waits on a timer: what is due is worked out from this clock at each request and each reading.
 */
export class SimulatorClock {
  readonly #source: () => number;
  #advancedMs = 0;
  #latest = -Infinity;

  /** @param source Milliseconds since 1970, before what was advanced. Default: the real time (`Date.now`). */
  constructor(source: () => number = Date.now) {
    this.#source = source;
  }

  /** A clock that stands still at `start` (a date or milliseconds since 1970) and moves only by {@link advance}. */
  static stoppedAt(start: Date | number): SimulatorClock {
    const at = Number(start);
    if (!Number.isFinite(at)) throw new RangeError('SimulatorClock.stoppedAt needs a valid date');
    return new SimulatorClock(() => at);
  }

  /** Milliseconds since 1970. Never goes back, even when the real clock is set back. */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#source() + this.#advancedMs);
    return this.#latest;
  }

  /**
   * Moves the time on.
   *
   * @param ms Milliseconds, 0 or more.
   * @throws RangeError for a negative or infinite number.
   */
  advance(ms: number): void {
    if (!Number.isFinite(ms) || ms < 0) throw new RangeError('SimulatorClock.advance needs 0 or more milliseconds');
    this.#advancedMs += ms;
  }
}
