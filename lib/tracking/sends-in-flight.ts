import { randomUUID } from 'node:crypto';
import type { QueueEngine } from '../queue/durable-queue.js';
import { InFlight } from './in-flight.js';
import type { MessageRecord } from './message-record.js';
import type { SentState } from './message-state.js';

const MINUTE_MS = 60_000;
/** After this time, the process of a send without an outcome must have ended, so the outcome is unknown. */
const OTHERS_IN_FLIGHT_MS = 10 * MINUTE_MS;

/** Tracked sends of this process, from their start until their outcome is stored. */
export class SendsInFlight {
  /** Id of this process in its records. */
  readonly by = randomUUID().slice(0, 8);
  readonly #open = new InFlight();
  readonly #storing = new Set<Promise<unknown>>();

  begin(id: string): void {
    this.#open.begin(id);
  }

  /** Call it when a send has an outcome. @param storing Settles when the outcome is stored. */
  end(id: string, storing: Promise<unknown>): void {
    const stored = storing.finally(() => {
      this.#storing.delete(stored);
      this.#open.end(id);
    });
    // An outcome that cannot be stored counts as unknown.
    stored.catch(() => undefined);
    this.#storing.add(stored);
  }

  /** The state of a send, apart from its reports. */
  stateOf({ id, outcome, by, at }: MessageRecord, { followEveryMs }: QueueEngine): SentState {
    if (outcome !== undefined) return outcome;
    if (by === this.by) return this.#open.has(id) ? 'pending' : 'unknown';
    // No other process shares the store, so an earlier process sent it and has ended.
    if (followEveryMs === Infinity) return 'unknown';
    return at + OTHERS_IN_FLIGHT_MS > Date.now() ? 'pending' : 'unknown';
  }

  /** Resolves when the outcome of a send is stored; undefined when the send is not in flight in this process. */
  of(id: string): Promise<void> | undefined {
    return this.#open.of(id);
  }

  /** Resolves when each outcome so far is stored, or could not be stored. */
  async allStored(): Promise<void> {
    if (this.#storing.size > 0) await Promise.allSettled(this.#storing);
  }
}
