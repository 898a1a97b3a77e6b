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

/** A request on the wire. */
export interface WireRequest {
  method: 'POST' | 'GET';
  url: string;
  headers: Record<string, string>;
  /** The body of a POST. */
  data?: string;
  signal?: AbortSignal;
  /** Called right before the first byte leaves. False stops the request. */
  mayStart?: () => boolean;
  trace: RequestTrace;
}

/** An answer on the wire, with any status. */
export interface WireResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export interface Transport {
  /** Whether it connects to the gateway directly and bypasses any proxy. Default: false. */
  readonly isDirect?: boolean;
  /** @throws {TransportFault} when no complete answer came */
  exchange(request: WireRequest): Promise<WireResponse>;
  /** Waits for requests in flight, then closes every connection. */
  close(): Promise<void>;
}

/** A request ended without a complete answer. It never leaves this folder: callers get an `OurSmsError`. */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';

  constructor(
    readonly reason: 'connection' | 'timeout' | 'aborted' | 'withdrawn' | 'tooLarge',
    /** The code of the system or of the HTTP client. */
    readonly code: string | undefined,
    /** The part of the answer that arrived; undefined when its headers did not. */
    readonly received: WireResponse | undefined,
  ) {
    super(code ?? reason);
  }
}
