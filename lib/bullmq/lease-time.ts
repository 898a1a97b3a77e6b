/**
 * How long something is held that must be renewed. It ends a while before Redis forgets it, and is measured by two clocks: one
 * stops while a machine sleeps, the other may be set back.
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

  /** It was lost, for good. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** @returns what to call when Redis has renewed it: it is held from now on, when it was asked, and not from the answer. */
  asking(): () => void {
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
