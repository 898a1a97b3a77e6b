import { AsyncLocalStorage } from 'node:async_hooks';
import type { HttpService } from '@nestjs/axios';
import type { AxiosAdapter, AxiosHeaders, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { GatewayAccount } from './account.js';
import { decodeBody } from './decode-body.js';
import { bodyOf } from './dlr-page.js';
import { openPooledTransport } from './pooled-transport.js';
import { RequestTrace, TransportFault, type Transport, type WireRequest, type WireResponse } from './transport.js';
import { watchedAdapter } from './watched-adapter.js';

/** A request of a call. `headers`: those besides the ones that are the same for all requests of the account. */
export type CallRequest = Omit<WireRequest, 'headers'> & Partial<Pick<WireRequest, 'headers'>>;

type HookedConfig = InternalAxiosRequestConfig & Partial<Pick<WireRequest, 'trace' | 'mayStart'>>;

/** The adapter and interceptor that this file has added to axios. */
interface Ours {
  adapter: unknown;
  /** The interceptor that watches the adapters of the application. */
  watch: unknown;
  /** The request that the code which runs belongs to. */
  calls: AsyncLocalStorage<CallRequest>;
}

/**
 * An account's `HttpService`: axios with its interceptors, on a transport of our own.
 *
 * axios' machinery costs as much as the rest of a request together, so it runs only once the application has put something
 * into it: an interceptor, another adapter, a changed default.
 */
export class GatewayHttp {
  readonly #untouched: Untouched;

  private constructor(
    /** For the application. */
    readonly service: HttpService,
    private readonly transport: Transport,
    private readonly ours: Ours,
  ) {
    this.#untouched = new Untouched(service.axiosRef, ours.watch);
  }

  /** The packages are loaded here, at bootstrap: importing the module stays cheap. */
  static async open(
    account: GatewayAccount,
    openTransport: (account: GatewayAccount) => Promise<Transport> = openPooledTransport,
  ): Promise<GatewayHttp> {
    const { default: axios } = await import('axios');
    const { HttpService } = await import('@nestjs/axios');
    const transport = await openTransport(account);
    const calls = new AsyncLocalStorage<CallRequest>();
    /** Also when an interceptor has put another configuration in place of the request's. */
    const callOf = (config: HookedConfig): Pick<WireRequest, 'trace' | 'mayStart'> => {
      const call = calls.getStore();
      const trace = config.trace ?? call?.trace ?? new RequestTrace();
      return { trace, mayStart: config.mayStart ?? call?.mayStart };
    };
    const adapter = async (config: HookedConfig): Promise<AxiosResponse> => {
      const response = await exchangeNoted(transport, {
        method: (config.method ?? 'get').toUpperCase() as WireRequest['method'],
        url: axios.getUri(config),
        headers: config.headers.toJSON() as Record<string, string>,
        data: config.data as string | undefined,
        signal: config.signal as AbortSignal | undefined,
        ...callOf(config),
      });
      const { status, headers } = response;
      const { text } = await decodeBody(bodyOf(response), account.maxResponseBytes);
      return { data: text, status, headers: headers as unknown as AxiosHeaders, statusText: '', config };
    };
    const instance = axios.create({
      adapter,
      // For an application that swaps the adapter for one of axios' own, to go through a proxy for example.
      timeout: account.timeoutMs,
      maxRedirects: 0,
      maxContentLength: account.maxResponseBytes,
      transformRequest: [],
      transformResponse: [],
      validateStatus: () => true,
    });
    instance.defaults.headers.common = {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': account.userAgent,
    };
    // Without an adapter, as an interceptor may leave it, axios would take one of its own, which follows redirects.
    const watch = (config: HookedConfig): HookedConfig => {
      const given = config.adapter ?? instance.defaults.adapter ?? adapter;
      const { trace } = callOf(config);
      const watched = (): AxiosAdapter =>
        watchedAdapter(axios.getAdapter(given, config), trace, account.maxResponseBytes);
      return Object.assign(config, { adapter: given === adapter ? adapter : watched() });
    };
    // The interceptor that is added first is the last to run: behind it comes the adapter.
    instance.interceptors.request.use(watch);
    return new GatewayHttp(new HttpService(instance), transport, { adapter, watch, calls });
  }

  /** Whether requests end in our own transport, whose trace can be relied on. */
  get usesOwnTransport(): boolean {
    return this.service.axiosRef.defaults.adapter === this.ours.adapter;
  }

  /** Whether each request comes to an adapter that notes it in the trace: the application may have removed what sees to that. */
  get isTraced(): boolean {
    return this.#untouched.isWatched();
  }

  /** Whether requests go past any proxy that the environment or axios names. */
  get isDirect(): boolean {
    return this.usesOwnTransport && this.transport.isDirect === true;
  }

  /**
   * Makes a request, through axios where the application wants to see it. What came is in the trace.
   *
   * @returns What the interceptors of the application left of the answer, whatever that is.
   */
  async request(request: CallRequest): Promise<unknown> {
    const { axiosRef } = this.service;
    if (!this.#untouched.holds()) return this.ours.calls.run(request, () => axiosRef.request(request));
    const { common, post } = axiosRef.defaults.headers;
    if (request.signal?.aborted) throw new TransportFault('aborted', undefined, undefined);
    const { method, url, data, signal, mayStart, trace } = request;
    const ofMethod = method === 'POST' ? post : undefined;
    const headers = { ...common, ...ofMethod, ...request.headers } as Record<string, string>;
    return exchangeNoted(this.transport, { method, url, headers, data, signal, mayStart, trace });
  }

  /** Lets running requests end, then closes every connection. */
  async close(): Promise<void> {
    await this.transport.close();
    // On Node 20 and 22 every promise costs time for each storage that was ever used.
    this.ours.calls.disable();
  }
}

/** Notes in the trace how it ended. */
async function exchangeNoted(transport: Transport, request: WireRequest): Promise<WireResponse> {
  const { tries } = request.trace;
  try {
    const response = await transport.exchange(request);
    tries.push(response);
    return response;
  } catch (thrown) {
    if (thrown instanceof TransportFault) tries.push(thrown);
    throw thrown;
  }
}

/** Whether axios is still as it was made: no interceptor, no other method, every default but the headers the same. */
class Untouched {
  readonly #request: AxiosInstance['request'];
  readonly #defaults: Record<string, unknown>;

  constructor(
    private readonly axios: AxiosInstance,
    private readonly watch: unknown,
  ) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, never called
    this.#request = axios.request;
    this.#defaults = { ...axios.defaults };
  }

  /** Whether our interceptor stands between those of the application and every adapter. */
  isWatched(): boolean {
    const { interceptors, defaults } = this.axios;
    const isLast = defaults.transitional?.legacyInterceptorReqResOrdering !== false;
    return this.axios.request === this.#request && isLast && functionsOf(interceptors.request).includes(this.watch);
  }

  holds(): boolean {
    const { interceptors, defaults } = this.axios;
    if (this.axios.request !== this.#request || functionsOf(interceptors.response).length > 0) return false;
    if (functionsOf(interceptors.request).some((one) => one !== this.watch)) return false;
    const now = defaults as unknown as Record<string, unknown>;
    for (const name in now) if (now[name] !== this.#defaults[name]) return false;
    return true;
  }
}

function functionsOf(interceptors: object): unknown[] {
  const functions: unknown[] = [];
  // axios has this method, but does not type it.
  (interceptors as { forEach(each: (one: { fulfilled: unknown }) => void): void }).forEach(({ fulfilled }) =>
    functions.push(fulfilled),
  );
  return functions;
}
