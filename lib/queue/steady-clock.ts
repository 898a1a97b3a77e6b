/**
 * The clock for delays of jobs. It never goes back, so that no job waits longer when the system clock is set back. Its time is
 * never shown to users.
 */
export class SteadyClock {
  #at = Date.now();
  #readAt = performance.now();

  /** Milliseconds since 1970. Ahead of the system clock after that was set back. */
  now(): number {
    const readAt = performance.now();
    this.#at = Math.max(Date.now(), this.#at + readAt - this.#readAt);
    this.#readAt = readAt;
    return Math.floor(this.#at);
  }

  /** Sets the clock to at least this time, which an earlier process has reached. */
  advanceTo(at: number): void {
    this.#at = Math.max(this.#at, at);
  }
}
