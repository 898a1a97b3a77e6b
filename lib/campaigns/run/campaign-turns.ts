import { setTimeout as wait } from 'node:timers/promises';
import type { QueueEngine } from '../../queue/durable-queue.js';
import { Turns, type Turn, type TurnSource } from '../../sending/turns.js';

/** A request whose turn was due longer ago takes another turn. */
const LATE_MS = 50;

/** Options of {@link CampaignTurns}. */
export interface CampaignTurnsOptions {
  engine: QueueEngine;
  /** Name of the turns in the engine. */
  name: string;
  /** Requests a second. Default: no limit. */
  rate?: number;
  /** Source of the account's turns. */
  account: TurnSource;
}

/**
 * Turns for the requests of a campaign: no faster than its rate, over all processes that share the engine, and no faster than
 * its account allows.
 */
export class CampaignTurns implements TurnSource {
  readonly #own: TurnSource;

  constructor(private readonly options: CampaignTurnsOptions) {
    this.#own = new Turns({ requestsPerSecond: options.rate }).bulk;
  }

  /** @throws {OurSmsStorageError} when the engine gives no turn */
  async next(signal?: AbortSignal): Promise<Turn | undefined> {
    const taken: Turn[] = [];
    const end = (): void => taken.forEach((turn) => turn.end());
    try {
      const own = await this.#own.next(signal);
      if (own === undefined) return undefined;
      taken.push(own);
      const dueAt = await this.#sharedTurn(signal);
      const account = await this.options.account.next(signal);
      if (account === undefined) {
        end();
        return undefined;
      }
      taken.push(account);
      // The wait for the account may have taken too long.
      if (performance.now() - dueAt > LATE_MS) await this.#sharedTurn(signal);
      return { end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Waits for a turn among all processes. @returns When it was due; Infinity without a rate. */
  async #sharedTurn(signal?: AbortSignal): Promise<number> {
    const { engine, name, rate } = this.options;
    if (rate === undefined || signal?.aborted) return Infinity;
    const inMs = await engine.turn(name, 1_000 / rate);
    const dueAt = performance.now() + inMs;
    await wait(inMs, undefined, { signal }).catch(() => undefined);
    return dueAt;
  }
}
