import { setTimeout as wait } from 'node:timers/promises';
import type { QueueEngine } from '../../queue/durable-queue.js';
import { RateLimiter } from '../../sending/rate-limiter.js';

/** A second, and what requests may be late between their turn and the gateway. */
const SHARED_SECOND_MS = 1_100;
/** A request that is later than this takes another turn. */
const LATE_MS = 50;

/** A turn of a request. */
export interface PaceTurn {
  /** Right before the request leaves: waits for another turn when this one has passed meanwhile. */
  renew(): Promise<void>;
}

/** Whose turns these are. */
export interface CampaignPaceParts {
  engine: QueueEngine;
  /** Names the turns. */
  name: string;
  /** Requests a second. Default: no limit. */
  rate?: number;
}

/** Lets the requests of a campaign out no faster than its rate, by all processes together that share the engine. */
export class CampaignPace {
  readonly #limiter: RateLimiter;

  constructor(private readonly parts: CampaignPaceParts) {
    this.#limiter = new RateLimiter({ requestsPerSecond: parts.rate });
  }

  /** Runs a request when its turn has come. @param signal Ends the waiting; the request is run then all the same. */
  run<T>(request: (turn: PaceTurn) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { engine, rate } = this.parts;
    return this.#limiter.run(
      'bulk',
      async () => {
        if (!engine.isShared || rate === undefined) return request({ renew: () => Promise.resolve() });
        let dueAt = await this.#turn(rate, signal);
        const renew = async (): Promise<void> => {
          if (performance.now() - dueAt > LATE_MS) dueAt = await this.#turn(rate, signal);
        };
        return request({ renew });
      },
      signal,
    );
  }

  /** Waits for a turn among all processes. @returns When it was due. */
  async #turn(rate: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return performance.now();
    const inMs = await this.parts.engine.turn(this.parts.name, SHARED_SECOND_MS / rate);
    const dueAt = performance.now() + inMs;
    await wait(inMs, undefined, { signal }).catch(() => undefined);
    return dueAt;
  }
}
