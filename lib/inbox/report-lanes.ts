/**
 * How many reports are with their listeners at a time. Whose turn comes first is handed over first; reports of one message
 * follow one another, so that no later status overtakes an earlier one.
 */
export class ReportLanes {
  readonly #turns: (() => void)[] = [];
  /** The last report of each message that is not handled yet. */
  readonly #tails = new Map<string, Promise<unknown>>();
  readonly #idle: (() => void)[] = [];
  #running = 0;
  #paused = false;
  #stopped = false;
  #abandon: () => void = () => undefined;
  readonly #abandoned = new Promise<false>((resolve) => (this.#abandon = () => resolve(false)));

  constructor(private readonly width: number) {}

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#turns.length;
  }

  /** How many are with their listeners. */
  get running(): number {
    return this.#running;
  }

  /**
   * Hands a report over when its turn has come.
   *
   * @returns Whether it was handled; false when the lanes were stopped before that.
   * @throws What the listener fails with.
   */
  run(message: string | undefined, handOver: () => Promise<void>): Promise<boolean> {
    // One lane keeps the order by itself.
    if (message === undefined || this.width === 1) return this.#take(handOver);
    const before = this.#tails.get(message);
    const mine = before === undefined ? this.#take(handOver) : before.then(() => this.#take(handOver));
    const leave = (): void => this.#leave(message, tail);
    const tail: Promise<void> = mine.then(leave, leave);
    this.#tails.set(message, tail);
    return mine;
  }

  /** Hands nothing over until {@link resume}. Resolves when no report is with its listener. */
  pause(): Promise<void> {
    this.#paused = true;
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  resume(): void {
    this.#paused = false;
    this.#next();
  }

  /** Hands nothing over any more. What is with its listener may take so long; then it counts as not handled. */
  stop(patienceMs: number): void {
    this.#stopped = true;
    for (const go of this.#turns.splice(0)) go();
    if (this.#running === 0) return;
    const timer = setTimeout(this.#abandon, patienceMs);
    this.#idle.push(() => clearTimeout(timer));
  }

  async #take(handOver: () => Promise<void>): Promise<boolean> {
    if (this.#stopped) return false;
    if (this.#paused || this.#running >= this.width) await new Promise<void>((resolve) => this.#turns.push(resolve));
    else this.#running += 1;
    // Its turn never came.
    if (this.#isStopped()) return false;
    try {
      return await Promise.race([handOver().then(() => true), this.#abandoned]);
    } catch (error) {
      // What the listener needs may be gone already.
      if (this.#stopped) return false;
      throw error;
    } finally {
      this.#running -= 1;
      if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve();
      this.#next();
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #next(): void {
    while (!this.#paused && !this.#stopped && this.#running < this.width) {
      const go = this.#turns.shift();
      if (go === undefined) return;
      this.#running += 1;
      go();
    }
  }

  #leave(message: string, tail: Promise<unknown>): void {
    if (this.#tails.get(message) === tail) this.#tails.delete(message);
  }
}
