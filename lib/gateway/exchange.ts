import type { Dispatcher } from 'undici';
import { TransportFault, type WireRequest, type WireResponse } from './transport.js';

/** A timer that fires this late means that the process was suspended: a whole download may have arrived meanwhile. */
const SUSPENDED_MS = 20;
/** Time to read an answer that arrived while the process was suspended. */
const READING_MS = 500;

interface ExchangeLimits {
  timeoutMs: number;
  maxResponseBytes: number;
}

/**
 * One request and its answer on a pooled connection. It notes in the trace whether a ready connection got the request, that is,
 * whether a byte of it may have left. No error code shows that.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: WireResponse['headers'] = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #deadline: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#fail('aborted');

  constructor(
    private readonly request: WireRequest,
    private readonly limits: ExchangeLimits,
    private readonly resolve: (response: WireResponse) => void,
    private readonly reject: (fault: TransportFault) => void,
  ) {
    // An interceptor may repeat a request: the phase of its first try stays.
    if (request.trace.phase === 'created') request.trace.phase = 'waiting';
    // A total deadline: the client's own timeouts restart with every byte, and a dripping answer would never end.
    this.#deadline = this.#timeOutIn(limits.timeoutMs, true);
    request.signal?.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It ended while it waited for a connection: it must not leave any more.
    if (this.#ended) return controller.abort(new Error('ended'));
    if (this.request.mayStart?.() === false) return this.#refuse(controller);
    this.request.trace.phase = 'started';
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: WireResponse['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
    if (this.#size > this.limits.maxResponseBytes) this.#fail('tooLarge');
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    this.resolve(this.#received() ?? { status: 0, headers: {}, body: Buffer.alloc(0) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error & { code?: string }): void {
    this.#fail('connection', error.code);
  }

  /** Timers of a suspended process fire before it reads the data that arrived meanwhile. So a late timer waits once more. */
  #timeOutIn(ms: number, isFirst: boolean): NodeJS.Timeout {
    const due = performance.now() + ms;
    return setTimeout(() => {
      const lateMs = performance.now() - due;
      // Only once: a process whose timers are always late must time out as well.
      if (isFirst && lateMs >= SUSPENDED_MS) this.#deadline = this.#timeOutIn(READING_MS, false);
      else this.#fail('timeout');
    }, ms);
  }

  /** Ends the request before its first byte leaves. */
  #refuse(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#fail('withdrawn');
  }

  #fail(reason: TransportFault['reason'], code?: string): void {
    if (!this.#end()) return;
    const fault = new TransportFault(reason, code, this.#received());
    this.reject(fault);
    this.#controller?.abort(fault);
  }

  /** Ends the exchange. False when it had already ended. */
  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#deadline);
    this.request.signal?.removeEventListener('abort', this.#onAbort);
    return true;
  }

  #received(): WireResponse | undefined {
    if (this.#status === undefined) return undefined;
    const [first, ...more] = this.#chunks;
    const body = first !== undefined && more.length === 0 ? first : Buffer.concat(this.#chunks);
    return { status: this.#status, headers: this.#headers, body };
  }
}
