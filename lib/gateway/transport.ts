/**
 * How far a request came. It travels with the request through axios and its interceptors, so that the answer to "may it
 * have been sent?" depends on no error that someone may have wrapped or replaced.
 */
export class RequestTrace {
  /** `created`: not with the transport yet. `waiting`: no ready connection yet. `started`: bytes may have left. */
  phase: 'created' | 'waiting' | 'started' = 'created';
  /** Whether it came to an adapter of the application, which notes nothing in `phase`. */
  wentElsewhere = false;
  /**
   * How each try ended, before an interceptor of the application saw it: what a gateway has deleted must not depend on what
   * they make of it. More than one, when an interceptor repeats requests.
   */
  readonly tries: (WireResponse | TransportFault)[] = [];
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
