/**
 * The time that delays are measured by: it never goes back, so that a clock which is set back keeps no job waiting. It is
 * never shown.
 */
export class SteadyClock {
  #at = Date.now();
  #readAt = performance.now();

  /** Milliseconds since 1970, or more. */
  now(): number {
    const readAt = performance.now();
    this.#at = Math.max(Date.now(), this.#at + readAt - this.#readAt);
    this.#readAt = readAt;
    return Math.floor(this.#at);
  }

  /** An earlier process was that far already. */
  goOnFrom(at: number): void {
    this.#at = Math.max(this.#at, at);
  }
}
