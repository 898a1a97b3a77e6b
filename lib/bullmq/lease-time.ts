/**
 * Measures how long a lease or a lock certainly holds. It ends before Redis lets the lease expire. Two clocks measure it: the
 * monotonic one stops while a machine sleeps, and the wall clock may be set back.
 */
export class LeaseTime {
  readonly #marginMs: number;
  #steady = -Infinity;
  #wall = -Infinity;
  #isLost = false;

  constructor(private readonly leaseMs: number) {
    this.#marginMs = leaseMs / 5;
  }

  get isHeld(): boolean {
    const ms = this.leaseMs - this.#marginMs;
    const wall = Date.now() - this.#wall;
    return !this.#isLost && performance.now() - this.#steady < ms && wall < ms && wall > -ms;
  }

  /** Whether it was lost for good: a renewal does not change that. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Call it right before Redis is asked for the lease, or for its renewal.
   *
   * @returns Call it when Redis has granted that: the lease counts from the request, not from the answer.
   */
  startRenewal(): () => void {
    const [steady, wall] = [performance.now(), Date.now()];
    return () => {
      this.#steady = steady;
      this.#wall = wall;
    };
  }

  lose(): void {
    this.#isLost = true;
  }
}
