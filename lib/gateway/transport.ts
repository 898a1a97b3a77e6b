/**
 * How far a request came. It travels with the request through axios and its interceptors. So the answer to "may it have been
 * sent?" does not depend on an error, which an interceptor may have wrapped or replaced.
 */
export class RequestTrace {
  /** `created`: not with the transport yet. `waiting`: no ready connection yet. `started`: bytes may have left. */
  phase: 'created' | 'waiting' | 'started' = 'created';
  /** Whether an adapter of the application got the request: it notes nothing in `phase`. */
  usedForeignAdapter = false;
  /**
   * How each try ended, before an interceptor of the application saw it: an interceptor must not change which reports a
   * download has deleted. More than one when an interceptor repeats requests.
   */
  readonly tries: (WireResponse | TransportFault)[] = [];

  /** @param seesEveryAdapter Whether each adapter that gets the request is noted here. */
  constructor(private readonly seesEveryAdapter: boolean) {}

  /** Whether it is certain that no adapter got the request. */
  get reachedNoAdapter(): boolean {
    return this.seesEveryAdapter && this.phase === 'created' && !this.usedForeignAdapter;
  }
}

/** A request as it goes out. */
export interface WireRequest {
  method: 'POST' | 'GET';
  url: string;
  headers: Record<string, string>;
  /** The body of a POST. */
  data?: string;
  signal?: AbortSignal;
  /** Asked when the first byte is about to leave: false, and none does. */
  mayStart?: () => boolean;
  trace: RequestTrace;
}

/** An answer as it came in, whatever its status. */
export interface WireResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Transport of an account's requests. */
export interface Transport {
  /** Whether it opens connections to the gateway itself, past any proxy. Default: false. */
  readonly isDirect?: boolean;
  /** @throws {TransportFault} when no whole answer came */
  exchange(request: WireRequest): Promise<WireResponse>;
  /** Lets running requests end, then closes every connection. */
  close(): Promise<void>;
}

/** How a request ended without a whole answer. It stays in this room: what leaves it is an `OurSmsError`. */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';

  constructor(
    /** Cause of the end of the request. */
    readonly reason: 'connection' | 'timeout' | 'aborted' | 'withdrawn' | 'tooLarge',
    /** The system's or the HTTP client's code. */
    readonly code: string | undefined,
    /** The part of the answer that arrived; undefined when its head did not. */
    readonly received: WireResponse | undefined,
  ) {
    super(code ?? reason);
  }
}
