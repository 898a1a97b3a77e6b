import { setImmediate as nextTick } from 'node:timers/promises';
import { Fifo } from './fifo.js';

/** Permission for one request to leave. The request counts as in flight until `end` is called. */
export interface Turn {
  /** Call it once, when the request has ended or will not be made. */
  end(): void;
}

/** Gives out turns. */
export interface TurnSource {
  /**
   * The next turn.
   *
   * @param signal Ends the waiting.
   * @returns The turn; undefined when the signal was aborted first.
   */
  next(signal?: AbortSignal): Turn | undefined | Promise<Turn | undefined>;
}

/** Rate limits of an account. An unset limit does not apply. */
export interface RateLimits {
  /** Requests in any second. */
  requestsPerSecond?: number;
  /** Requests at once after a pause; the following ones are spread evenly. Default: `requestsPerSecond`. */
  burst?: number;
  /** Requests in flight. If it is more than one, bulk requests leave one of them free for urgent ones. */
  concurrency?: number;
}

/** Priority of a request: a single message goes before the requests of campaigns. */
export type Urgency = 'urgent' | 'bulk';

/** A caller that waits for a turn. */
interface Waiting {
  give(turn: Turn): void;
  hasGivenUp: boolean;
}

/** A second, plus one millisecond: clocks are truncated to milliseconds. */
const SECOND_MS = 1_001;

/** The turn of an account without limits. */
const UNLIMITED: Turn = { end: () => undefined };

/**
 * The rate limiter of an account: gives out turns no faster than its limits allow, to single messages and campaigns
 * together.
 *
 * A turn counts against `requestsPerSecond` until a second after its end: the request may have reached the gateway as late
 * as that end. So the limit holds in every second as the gateway counts it, also when requests are in flight for a long
 * time.
 */
export class Turns {
  /** Turns of single messages. */
  readonly urgent: TurnSource = { next: (signal) => this.#next('urgent', signal) };
  /** Turns of the requests of campaigns. */
  readonly bulk: TurnSource = { next: (signal) => this.#next('bulk', signal) };
  readonly #isUnlimited: boolean;
  readonly #waiting: Readonly<Record<Urgency, Fifo<Waiting>>> = { urgent: new Fifo(), bulk: new Fifo() };
  readonly #concurrency: number;
  readonly #bulkConcurrency: number;
  readonly #spacingMs: number;
  readonly #burstMs: number;
  /** Requests that may still leave in this second. */
  #free: number;
  /** When each ended turn stops counting against the second, in order. */
  readonly #freedAt = new Fifo<number>();
  #inFlight = 0;
  #bulkInFlight = 0;
  /** When the burst is used up if no further request leaves. */
  #usedUpAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ requestsPerSecond = Infinity, burst, concurrency = Infinity }: RateLimits = {}) {
    this.#concurrency = concurrency;
    this.#bulkConcurrency = concurrency > 1 ? concurrency - 1 : concurrency;
    this.#free = requestsPerSecond;
    this.#spacingMs = 1_000 / requestsPerSecond;
    this.#burstMs = burst === undefined ? Infinity : (burst - 1) * this.#spacingMs;
    this.#isUnlimited = requestsPerSecond === Infinity && concurrency === Infinity;
  }

  /** Urgent requests in flight. */
  get urgentInFlight(): number {
    return this.#inFlight - this.#bulkInFlight;
  }

  /** Resolves when all urgent requests that wait now have left. @param signal Ends the waiting. */
  async drained(signal: AbortSignal): Promise<void> {
    if (!this.#first('urgent')) return;
    const turn = await this.#next('urgent', signal);
    await nextTick();
    turn?.end();
  }

  #next(urgency: Urgency, signal?: AbortSignal): Turn | undefined | Promise<Turn | undefined> {
    if (signal?.aborted) return undefined;
    if (this.#isUnlimited) return UNLIMITED;
    return this.#takeNow(urgency) ?? this.#wait(urgency, signal);
  }

  /** A turn, if one is free and no waiting request goes first. */
  #takeNow(urgency: Urgency): Turn | undefined {
    if (this.#first('urgent') || (urgency === 'bulk' && this.#first('bulk'))) return undefined;
    const now = performance.now();
    return this.#delayMs(urgency, now) > 0 ? undefined : this.#take(urgency, now);
  }

  /** The first request that still waits. */
  #first(urgency: Urgency): Waiting | undefined {
    const waiting = this.#waiting[urgency];
    while (waiting.first?.hasGivenUp) waiting.shift();
    return waiting.first;
  }

  #wait(urgency: Urgency, signal?: AbortSignal): Promise<Turn | undefined> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        waiting.hasGivenUp = true;
        resolve(undefined);
      };
      const give = (turn: Turn): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(turn);
      };
      const waiting: Waiting = { give, hasGivenUp: false };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting[urgency].push(waiting);
      this.#giveOut();
    });
  }

  /** Gives out every turn that is free, and sets the timer for the next. */
  #giveOut(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const urgency = this.#first('urgent') ? 'urgent' : 'bulk';
      const waiting = this.#first(urgency);
      if (waiting === undefined) return;
      const now = performance.now();
      const delayMs = this.#delayMs(urgency, now);
      // The end of another turn calls this method again.
      if (delayMs === Infinity) return;
      if (delayMs > 0) {
        this.#timer = setTimeout(() => this.#giveOut(), Math.ceil(delayMs));
        return;
      }
      this.#waiting[urgency].shift();
      waiting.give(this.#take(urgency, now));
    }
  }

  /** Milliseconds until a request may leave; Infinity when another one must end first. */
  #delayMs(urgency: Urgency, now: number): number {
    for (let freedAt = this.#freedAt.first; freedAt !== undefined && freedAt <= now; freedAt = this.#freedAt.first) {
      this.#freedAt.shift();
      this.#free += 1;
    }
    if (this.#inFlight >= this.#concurrency) return Infinity;
    if (urgency === 'bulk' && this.#bulkInFlight >= this.#bulkConcurrency) return Infinity;
    const untilFree = this.#free > 0 ? 0 : (this.#freedAt.first ?? Infinity) - now;
    return Math.max(0, untilFree, this.#usedUpAt - this.#burstMs - now);
  }

  #take(urgency: Urgency, now: number): Turn {
    this.#inFlight += 1;
    if (urgency === 'bulk') this.#bulkInFlight += 1;
    this.#free -= 1;
    this.#usedUpAt = Math.max(this.#usedUpAt, now) + this.#spacingMs;
    return { end: () => this.#end(urgency) };
  }

  #end(urgency: Urgency): void {
    this.#inFlight -= 1;
    if (urgency === 'bulk') this.#bulkInFlight -= 1;
    if (this.#free !== Infinity) this.#freedAt.push(performance.now() + SECOND_MS);
    this.#giveOut();
  }
}
