import { AsyncLocalStorage } from 'node:async_hooks';
import type { HttpService } from '@nestjs/axios';
import type { AxiosAdapter, AxiosHeaders, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { GatewayAccount } from './account.js';
import { bodyOf, decodeBody } from './decode-body.js';
import { openPooledTransport } from './pooled-transport.js';
import { RequestTrace, TransportFault, type Transport, type WireRequest, type WireResponse } from './transport.js';
import { watchedAdapter } from './watched-adapter.js';

/** The request of a call. `headers`: only those that are not the same for all requests of the account. */
export type CallRequest = Omit<WireRequest, 'headers'> & Partial<Pick<WireRequest, 'headers'>>;

type HookedConfig = InternalAxiosRequestConfig & Partial<Pick<WireRequest, 'trace' | 'mayStart'>>;

type Interceptor = (config: HookedConfig) => HookedConfig;

/**
 * An account's `HttpService`: axios with its interceptors, on a transport of our own.
 *
 * axios' own code costs as much as the rest of a request together. So it runs only when the application has changed axios: by
 * an interceptor, another adapter or another default.
 */
export class GatewayHttp {
  readonly #snapshot: AxiosSnapshot;

  private constructor(
    /** For the application. */
    readonly service: HttpService,
    private readonly transport: Transport,
    private readonly adapter: AxiosAdapter,
    /** The interceptor that watches the adapters of the application. */
    watch: Interceptor,
    /** The request that the running code belongs to. */
    private readonly calls: AsyncLocalStorage<CallRequest>,
  ) {
    this.#snapshot = new AxiosSnapshot(service.axiosRef, watch);
  }

  /** Loads axios and `@nestjs/axios`. Called at bootstrap, so that importing the module stays cheap. */
  static async open(
    account: GatewayAccount,
    openTransport: (account: GatewayAccount) => Promise<Transport> = openPooledTransport,
  ): Promise<GatewayHttp> {
    const { default: axios } = await import('axios');
    const { HttpService } = await import('@nestjs/axios');
    const transport = await openTransport(account);
    const calls = new AsyncLocalStorage<CallRequest>();
    // An interceptor may have replaced the configuration, and with it the trace.
    const callOf = (config: HookedConfig): Pick<WireRequest, 'trace' | 'mayStart'> => {
      const call = calls.getStore();
      const trace = config.trace ?? call?.trace ?? new RequestTrace(false);
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
      // For an application that uses one of axios' own adapters, for example behind a proxy.
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
    // An interceptor may remove the adapter: axios would then use one of its own, which follows redirects.
    const watch: Interceptor = (config) => {
      const given = config.adapter ?? instance.defaults.adapter ?? adapter;
      const { trace } = callOf(config);
      const watched = (): AxiosAdapter =>
        watchedAdapter(axios.getAdapter(given, config), trace, account.maxResponseBytes);
      return Object.assign(config, { adapter: given === adapter ? adapter : watched() });
    };
    // axios runs the interceptor that was added first last, right before the adapter.
    instance.interceptors.request.use(watch);
    return new GatewayHttp(new HttpService(instance), transport, adapter, watch, calls);
  }

  /** Whether the trace notes each adapter that gets a request. False when the application removed our interceptor. */
  get seesEveryAdapter(): boolean {
    return this.#snapshot.isWatched();
  }

  /** Whether requests bypass every proxy that the environment or axios names. */
  get isDirect(): boolean {
    return this.service.axiosRef.defaults.adapter === this.adapter && this.transport.isDirect === true;
  }

  /**
   * Makes a request: through axios when the application has changed it, otherwise directly. The trace holds the answer.
   *
   * @returns The answer, or whatever the interceptors of the application returned in its place.
   */
  async request(request: CallRequest): Promise<unknown> {
    const { axiosRef } = this.service;
    if (!this.#snapshot.isUnchanged()) return this.calls.run(request, () => axiosRef.request(request));
    const { common, post } = axiosRef.defaults.headers;
    if (request.signal?.aborted) throw new TransportFault('aborted', undefined, undefined);
    const { method, url, data, signal, mayStart, trace } = request;
    const ofMethod = method === 'POST' ? post : undefined;
    const headers = { ...common, ...ofMethod, ...request.headers } as Record<string, string>;
    return exchangeNoted(this.transport, { method, url, headers, data, signal, mayStart, trace });
  }

  /** Waits for requests in flight, then closes every connection. */
  async close(): Promise<void> {
    await this.transport.close();
    // On Node 20 and 22 every AsyncLocalStorage that was used slows down every promise.
    this.calls.disable();
  }
}

/** Notes the answer or the fault in the trace. */
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

/** Detects whether the application has added interceptors to axios or replaced its `request` or a default. Headers may differ. */
class AxiosSnapshot {
  readonly #request: AxiosInstance['request'];
  readonly #defaults: Record<string, unknown>;

  constructor(
    private readonly axios: AxiosInstance,
    private readonly watch: Interceptor,
  ) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, never called
    this.#request = axios.request;
    this.#defaults = { ...axios.defaults };
  }

  /** Whether our interceptor runs after those of the application, right before the adapter. */
  isWatched(): boolean {
    const { interceptors, defaults } = this.axios;
    const isLast = defaults.transitional?.legacyInterceptorReqResOrdering !== false;
    return this.axios.request === this.#request && isLast && functionsOf(interceptors.request).includes(this.watch);
  }

  isUnchanged(): boolean {
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
