import type { HttpService } from '@nestjs/axios';
import type { AxiosAdapter, AxiosResponse } from 'axios';
import type { Agent } from 'undici';
import type { GatewayAccount } from './account.js';
import { Exchange } from './exchange.js';

/** Idle connections are closed after this time, before a server (5 s is Node's own default) closes them under a request. */
const IDLE_MS = 4_000;

/** An account's `HttpService`, its transport, and the way to close it. */
export interface GatewayHttp {
  service: HttpService;
  adapter: AxiosAdapter;
  /** Lets running requests end, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Makes the `HttpService` of an account: axios with its interceptors, on pooled keep-alive connections of undici instead of
 * axios' own http adapter, which costs several times the CPU and cannot tell whether a request left.
 *
 * The packages are loaded here, at bootstrap: importing the module stays cheap.
 */
export async function createGatewayHttp(account: GatewayAccount): Promise<GatewayHttp> {
  const { Agent } = await import('undici');
  const { default: axios } = await import('axios');
  const { HttpService } = await import('@nestjs/axios');
  const agent = new Agent({
    connections: account.maxConnections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    connect: { timeout: account.connectTimeoutMs },
    // The exchange has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const adapter = pooledAdapter(agent, account);
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
  return { service: new HttpService(instance), adapter, close: () => agent.close() };
}

function pooledAdapter(agent: Agent, account: GatewayAccount): AxiosAdapter {
  return (request) =>
    new Promise<AxiosResponse<string>>((resolve, reject) => {
      const url = new URL(request.url ?? '', request.baseURL);
      agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: (request.method ?? 'get').toUpperCase(),
          headers: request.headers.toJSON() as Record<string, string>,
          body: request.data as string | undefined,
        },
        new Exchange(request, account, resolve, reject),
      );
    });
}
