import { setImmediate as nextTurn } from 'node:timers/promises';
import { Queue } from './queue.js';

/** Someone who waits for a turn. */
interface Turn {
  /** The turn has come. */
  come: () => void;
  /** Nobody waits for it any more. */
  isOver: boolean;
}

/** A second, and the millisecond that clocks are cut to. */
const SECOND_MS = 1_001;

/** How many requests an account makes. What is unset has no limit. */
export interface RateLimits {
  /** Requests in any second. */
  requestsPerSecond?: number;
  /** Requests at once after a rest; what follows is spread evenly. Default: all that a second may have. */
  burst?: number;
  /** Requests that are on their way. Of more than one, what is sent in bulk leaves one to what is urgent. */
  concurrency?: number;
}

/** Who goes first when requests must wait: a single message before what is sent in bulk. */
export type Urgency = 'urgent' | 'bulk';

/**
 * Lets requests of an account out no faster than its limits say, whoever makes them.
 *
 * A request keeps its place in the second until a second after its end: when it arrived at the gateway is known no better.
 * So the limit holds in every second as the gateway sees it, however long a request was on its way.
 */
export class RateLimiter {
  /** Whether there is nothing to limit. */
  readonly isIdle: boolean;
  readonly #waiting: Readonly<Record<Urgency, Queue<Turn>>> = { urgent: new Queue(), bulk: new Queue() };
  readonly #width: number;
  readonly #bulkWidth: number;
  readonly #spacingMs: number;
  readonly #burstMs: number;
  /** Places in the second that are free. */
  #places: number;
  /** When the places of requests that have ended become free again, in order. */
  readonly #returns = new Queue<number>();
  #running = 0;
  #bulkRunning = 0;
  /** When the burst will be used up, if nothing else leaves until then. */
  #usedUpAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ requestsPerSecond = Infinity, burst, concurrency = Infinity }: RateLimits = {}) {
    this.#width = concurrency;
    this.#bulkWidth = concurrency > 1 ? concurrency - 1 : concurrency;
    this.#places = requestsPerSecond;
    this.#spacingMs = 1_000 / requestsPerSecond;
    this.#burstMs = burst === undefined ? Infinity : (burst - 1) * this.#spacingMs;
    this.isIdle = requestsPerSecond === Infinity && concurrency === Infinity;
  }

  /** Urgent requests that are in flight. */
  get runningUrgent(): number {
    return this.#running - this.#bulkRunning;
  }

  /**
   * Runs a request when its turn has come.
   *
   * @param signal Ends the waiting. The request is run then all the same: it finds itself aborted, and does not go out.
   */
  async run<T>(urgency: Urgency, request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isIdle) return request();
    if (!this.#mayPass(urgency) && !(await this.#waitForTurn(urgency, signal))) return request();
    try {
      return await request();
    } finally {
      this.#running -= 1;
      if (urgency === 'bulk') this.#bulkRunning -= 1;
      if (this.#places !== Infinity) this.#returns.push(performance.now() + SECOND_MS);
      this.#letOut();
    }
  }

  /** Resolves when all urgent requests are on their way that wait now. @param signal Ends the waiting. */
  async letGo(signal: AbortSignal): Promise<void> {
    if (this.#first('urgent')) await this.run('urgent', () => nextTurn(), signal);
  }

  /** Goes ahead at once when nobody waits who comes first. */
  #mayPass(urgency: Urgency): boolean {
    if (this.#first('urgent') || (urgency === 'bulk' && this.#first('bulk'))) return false;
    const now = performance.now();
    if (this.#delayMs(urgency, now) > 0) return false;
    this.#depart(urgency, now);
    return true;
  }

  /** The first who still waits. */
  #first(urgency: Urgency): Turn | undefined {
    const waiting = this.#waiting[urgency];
    while (waiting.first?.isOver) waiting.shift();
    return waiting.first;
  }

  /** Resolves to whether it was let out; false when the signal ended the waiting. */
  #waitForTurn(urgency: Urgency, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve(false);
      const giveUp = (): void => {
        turn.isOver = true;
        resolve(false);
      };
      const come = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const turn: Turn = { come, isOver: false };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting[urgency].push(turn);
      this.#letOut();
    });
  }

  /** Lets out all who may go, and comes back when the next one may. */
  #letOut(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const urgency = this.#first('urgent') ? 'urgent' : 'bulk';
      const turn = this.#first(urgency);
      if (turn === undefined) return;
      const now = performance.now();
      const delayMs = this.#delayMs(urgency, now);
      // Whoever ends comes back here.
      if (delayMs === Infinity) return;
      if (delayMs > 0) {
        this.#timer = setTimeout(() => this.#letOut(), Math.ceil(delayMs));
        return;
      }
      this.#waiting[urgency].shift();
      this.#depart(urgency, now);
      turn.come();
    }
  }

  /** Milliseconds until a request may leave; Infinity when another must end first. */
  #delayMs(urgency: Urgency, now: number): number {
    for (let back = this.#returns.first; back !== undefined && back <= now; back = this.#returns.first) {
      this.#returns.shift();
      this.#places += 1;
    }
    if (this.#running >= this.#width) return Infinity;
    if (urgency === 'bulk' && this.#bulkRunning >= this.#bulkWidth) return Infinity;
    const place = this.#places > 0 ? 0 : (this.#returns.first ?? Infinity) - now;
    return Math.max(0, place, this.#usedUpAt - this.#burstMs - now);
  }

  #depart(urgency: Urgency, now: number): void {
    this.#running += 1;
    if (urgency === 'bulk') this.#bulkRunning += 1;
    this.#places -= 1;
    this.#usedUpAt = Math.max(this.#usedUpAt, now) + this.#spacingMs;
  }
}
