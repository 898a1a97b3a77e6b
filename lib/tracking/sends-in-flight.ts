import { randomUUID } from 'node:crypto';
import type { QueueEngine } from '../queue/durable-queue.js';
import { InFlight } from './in-flight.js';
import type { MessageRecord } from './message-record.js';
import type { SentState } from './message-state.js';

const MINUTE_MS = 60_000;
/** A send of another process that has no outcome after so long has none: its process has ended. */
const OTHERS_IN_FLIGHT_MS = 10 * MINUTE_MS;

/** The tracked sends of this process whose answer has not come, or is being kept. */
export class SendsInFlight {
  /** Tells the records of this process from those of others. */
  readonly by = randomUUID().slice(0, 8);
  readonly #open = new InFlight();
  readonly #noting = new Set<Promise<unknown>>();

  begin(id: string): void {
    this.#open.begin(id);
  }

  /** Its answer has come. @param noting Settles when what it said is kept. */
  end(id: string, noting: Promise<unknown>): void {
    const noted = noting.finally(() => {
      this.#noting.delete(noted);
      this.#open.end(id);
    });
    // Where it cannot be kept, the outcome counts as unknown.
    noted.catch(() => undefined);
    this.#noting.add(noted);
  }

  /** The state of a send, apart from its reports. */
  stateOf({ id, outcome, by, at }: MessageRecord, { followEveryMs }: QueueEngine): SentState {
    if (outcome !== undefined) return outcome;
    if (by === this.by) return this.#open.has(id) ? 'pending' : 'unknown';
    // Where no other process can send, an earlier one did, and has ended.
    if (followEveryMs === Infinity) return 'unknown';
    return at + OTHERS_IN_FLIGHT_MS > Date.now() ? 'pending' : 'unknown';
  }

  /** Resolves when the send has its answer; undefined when it is not in flight here. */
  of(id: string): Promise<void> | undefined {
    return this.#open.of(id);
  }

  /** Resolves when all answers that have come are kept, or cannot be. */
  async noted(): Promise<void> {
    if (this.#noting.size > 0) await Promise.allSettled(this.#noting);
  }
}
