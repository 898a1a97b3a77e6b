/**
 * Whether an inbox works: it has not started, runs, is paused or stops. The only owner of that: its parts ask, and none keeps a
 * flag of its own.
 */
export class InboxState {
  readonly #ending = new AbortController();
  #isStarted = false;
  #isPaused = false;

  /** Aborted when the application stops. */
  get stopping(): AbortSignal {
    return this.#ending.signal;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Why it does not work now; undefined while it does. */
  get whyIdle(): string | undefined {
    if (this.stopping.aborted) return 'the application is stopping';
    if (this.#isPaused) return 'the inbox is paused';
    return this.#isStarted ? undefined : 'the application has not started';
  }

  start(): void {
    this.#isStarted = true;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  stop(): void {
    this.#ending.abort();
  }
}
