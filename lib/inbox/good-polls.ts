import type { QueueEngine } from '../queue/durable-queue.js';

/** Shortest lifetime of the note that shows a successful poll to other processes. */
const MIN_NOTE_MS = 60_000;

/** State of polling. */
export interface PollingState {
  /** Milliseconds since the last successful poll of this process or another one; or since polling started. */
  sinceGoodMs: number;
  /** Milliseconds from that poll to the next, by the options. */
  everyMs: number;
}

/** Remembers when a poll last succeeded. Of the processes that share the store, one polls: it shows its success to the others. */
export class GoodPolls {
  #at!: number;
  #everyMs!: number;

  /**
   * @param name Name of the note for other processes.
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

  /** Counts from now on: polling has started, resumed or succeeded. */
  restart(): void {
    this.#at = performance.now();
    this.#everyMs = this.nextDelayMs();
  }

  /** Notes a successful poll of this process. */
  note(): void {
    this.restart();
    // Without the note, other processes only know less.
    this.engine.noteExpiring(this.name, '', Math.max(this.#everyMs, MIN_NOTE_MS)).catch(() => undefined);
  }

  /** Takes over a successful poll of another process. */
  async noteOthers(): Promise<void> {
    const success = await this.engine.readExpiring(this.name).catch(() => undefined);
    if (success !== undefined) this.restart();
  }
}
