import type { HttpService } from '@nestjs/axios';
import type { AxiosHeaders, AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import type { GatewayAccount } from './account.js';
import { openPooledTransport } from './pooled-transport.js';
import { RequestTrace, TransportFault, type Transport, type WireRequest } from './transport.js';

/** What a request needs besides the headers, which are the account's. */
export type UnheadedRequest = Omit<WireRequest, 'headers'>;

/** What is used of an answer. An interceptor may have parsed the data. */
export interface HttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  data: unknown;
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
    private readonly adapter: unknown,
  ) {
    this.#untouched = new Untouched(service.axiosRef);
  }

  /** The packages are loaded here, at bootstrap: importing the module stays cheap. */
  static async open(
    account: GatewayAccount,
    openTransport: (account: GatewayAccount) => Promise<Transport> = openPooledTransport,
  ): Promise<GatewayHttp> {
    const { default: axios } = await import('axios');
    const { HttpService } = await import('@nestjs/axios');
    const transport = await openTransport(account);
    const adapter = async (config: InternalAxiosRequestConfig & Pick<Partial<WireRequest>, 'trace' | 'mayStart'>) => {
      const response = await transport.exchange({
        method: (config.method ?? 'get').toUpperCase() as WireRequest['method'],
        url: axios.getUri(config),
        headers: config.headers.toJSON() as Record<string, string>,
        data: config.data as string | undefined,
        signal: config.signal as AbortSignal | undefined,
        mayStart: config.mayStart,
        trace: config.trace ?? new RequestTrace(),
      });
      return { ...response, headers: response.headers as unknown as AxiosHeaders, statusText: '', config };
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
    instance.defaults.headers.common = { accept: 'application/json', 'user-agent': account.userAgent };
    instance.defaults.headers.post = { 'content-type': 'application/x-www-form-urlencoded' };
    return new GatewayHttp(new HttpService(instance), transport, adapter);
  }

  /** Whether requests end in our own transport, whose trace can be relied on. */
  get usesOwnTransport(): boolean {
    return this.service.axiosRef.defaults.adapter === this.adapter;
  }

  /** Whether requests go past any proxy that the environment or axios names. */
  get isDirect(): boolean {
    return this.usesOwnTransport && this.transport.isDirect === true;
  }

  /** Makes a request, through axios where the application wants to see it. */
  async request(request: UnheadedRequest): Promise<HttpAnswer> {
    const { axiosRef } = this.service;
    if (!this.#untouched.holds()) return axiosRef.request(request);
    const { common, post } = axiosRef.defaults.headers;
    if (request.signal?.aborted) throw new TransportFault('aborted', undefined, undefined, '');
    const headers = (request.method === 'POST' ? { ...common, ...post } : { ...common }) as Record<string, string>;
    return this.transport.exchange({ ...request, headers });
  }

  /** Lets running requests end, then closes every connection. */
  close(): Promise<void> {
    return this.transport.close();
  }
}

/** Whether axios is still as it was made: no interceptor, no other method, every default but the headers the same. */
class Untouched {
  readonly #request: AxiosInstance['request'];
  readonly #defaults: Record<string, unknown>;

  constructor(private readonly axios: AxiosInstance) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- compared, never called
    this.#request = axios.request;
    this.#defaults = { ...axios.defaults };
  }

  holds(): boolean {
    const { interceptors, defaults } = this.axios;
    if (this.axios.request !== this.#request || isUsed(interceptors.request) || isUsed(interceptors.response))
      return false;
    const now = defaults as unknown as Record<string, unknown>;
    for (const name in now) if (now[name] !== this.#defaults[name]) return false;
    return true;
  }
}

function isUsed(interceptors: object): boolean {
  let used = false;
  // axios has this method, but does not type it.
  (interceptors as { forEach(each: () => void): void }).forEach(() => (used = true));
  return used;
}
