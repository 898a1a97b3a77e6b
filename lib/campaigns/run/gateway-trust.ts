/** So many requests in a row that come to nothing, and the campaign waits. */
const PATIENCE = 3;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 10 * 60_000;
/** What a gateway asks for counts for so long at the most. */
const LONGEST_ASKED_MS = 60 * 60_000;

/** How the gateway met a request. */
export type GatewayMeeting =
  | { kind: 'took' }
  /** It refused it, did not answer, or could not be reached. `retryAfterMs`: what it asked for. */
  | { kind: 'failed'; retryAfterMs?: number };

/**
 * Sees whether the gateway takes the requests of a campaign. One that fails would be told of each recipient as unknown, or as
 * refused, in no time: so after a request that failed the others go one at a time, and after a few the campaign waits.
 */
export class GatewayTrust {
  #failures = 0;
  #waits = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Meets the gateway with a request: at once, or after the one before while the last request failed. */
  async inTurn<R>(request: () => Promise<R>): Promise<R> {
    if (this.#failures === 0) return request();
    const turn = this.#last.then(request, request);
    this.#last = turn;
    return turn;
  }

  /** @returns How long to wait before the next request, when it is time to wait. */
  note(meeting: GatewayMeeting): number | undefined {
    if (meeting.kind === 'took') {
      this.#failures = 0;
      this.#waits = 0;
      return undefined;
    }
    this.#failures += 1;
    const asked = Math.min(meeting.retryAfterMs ?? 0, LONGEST_ASKED_MS);
    if (asked === 0 && this.#failures < PATIENCE) return undefined;
    return Math.max(asked, this.#waitMs());
  }

  /** The wait is over: one request goes alone, and the next failure is one too many. */
  tryAgain(): void {
    this.#failures = PATIENCE - 1;
    this.#waits += 1;
  }

  /** The wait is over, and the gateway is not there. @returns How long to wait again. */
  waitOn(): number {
    this.#waits += 1;
    return this.#waitMs();
  }

  /** Twice as long after each wait, with jitter; however many requests failed before it. */
  #waitMs(): number {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.#waits, LONGEST_WAIT_MS);
    return Math.round(longest * (0.5 + Math.random() / 2));
  }
}
