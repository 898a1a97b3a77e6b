/** Failures in a row that open the circuit. */
const THRESHOLD = 3;
const FIRST_WAIT_MS = 1_000;
const MAX_WAIT_MS = 10 * 60_000;
/** Upper bound of a `Retry-After`. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** Reaction of the gateway to a request. */
export type GatewayMeeting =
  | { kind: 'took' }
  /** The gateway refused the request, did not answer, or could not be reached. `retryAfterMs`: its `Retry-After`. */
  | { kind: 'failed'; retryAfterMs?: number };

/**
 * The circuit breaker of a campaign. Without it, a gateway that fails would use up all recipients as unknown or refused within
 * seconds. After one failure requests go one at a time; after a few the circuit opens, and the campaign pauses. It closes with
 * the first request that the gateway takes.
 */
export class CircuitBreaker {
  #failures = 0;
  #waits = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a request: at once, or, after a failure, when the request before has ended. */
  async run<R>(request: () => Promise<R>): Promise<R> {
    if (this.#failures === 0) return request();
    const turn = this.#last.then(request, request);
    this.#last = turn;
    return turn;
  }

  /** @returns Milliseconds to wait before the next request, when the circuit opens. */
  note(meeting: GatewayMeeting): number | undefined {
    if (meeting.kind === 'took') {
      this.#failures = 0;
      this.#waits = 0;
      return undefined;
    }
    this.#failures += 1;
    const askedMs = Math.min(meeting.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    if (askedMs === 0 && this.#failures < THRESHOLD) return undefined;
    return Math.max(askedMs, this.#waitMs());
  }

  /** The wait is over: the circuit is half open. One request goes alone, and one more failure opens it again. */
  halfOpen(): void {
    this.#failures = THRESHOLD - 1;
    this.#waits += 1;
  }

  /** The wait is over, and the gateway does not answer. @returns Milliseconds to wait again. */
  extend(): number {
    this.#waits += 1;
    return this.#waitMs();
  }

  /** Doubles with each wait, with jitter; it does not depend on how many requests failed before the wait. */
  #waitMs(): number {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.#waits, MAX_WAIT_MS);
    return Math.round(longest * (0.5 + Math.random() / 2));
  }
}
