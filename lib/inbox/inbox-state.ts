/**
 * State of an inbox: not started, running, paused or stopping. It is the only owner of this state: no part of the inbox keeps a
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

  /** Why the inbox is idle; undefined while it runs. */
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
