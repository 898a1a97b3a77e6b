import type { QueueEngine } from '../queue/durable-queue.js';

/** The shortest time that other processes know for of a good poll. */
const SHORTEST_TOLD_MS = 60_000;

/** How polling goes. */
export interface PollingState {
  /** Milliseconds since the last poll went well, in this process or another one; or since polling started. */
  sinceGoodMs: number;
  /** Milliseconds from that poll to the next, by the options. */
  everyMs: number;
}

/** Remembers when a poll last went well. Processes that share the store tell each other: one of them polls. */
export class GoodPolls {
  #at!: number;
  #everyMs!: number;

  /**
   * @param name Name of the note that tells other processes.
   * @param nextDelayMs Milliseconds until the next poll.
   */
  constructor(
    private readonly engine: QueueEngine,
    private readonly name: string,
    private readonly nextDelayMs: () => number,
  ) {
    this.restart();
  }

  get state(): PollingState {
    return { sinceGoodMs: performance.now() - this.#at, everyMs: this.#everyMs };
  }

  /** Polling starts, or resumes: the time before does not count. */
  restart(): void {
    this.#at = performance.now();
    this.#everyMs = this.nextDelayMs();
  }

  /** A poll of this process went well. */
  note(): void {
    this.restart();
    // Without it, others only know less.
    this.engine.noteExpiring(this.name, '', Math.max(this.#everyMs, SHORTEST_TOLD_MS)).catch(() => undefined);
  }

  /** Another process polls: takes over how it goes there. */
  async noteOthers(): Promise<void> {
    const told = await this.engine.readExpiring(this.name).catch(() => undefined);
    if (told !== undefined) this.restart();
  }
}
