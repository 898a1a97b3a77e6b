import type { AxiosResponse } from 'axios';
import type { GatewayAccount } from './account.js';
import { Exchange } from './exchange.js';
import type { Transport } from './http-service.js';

/** Idle connections are closed after this time, before a server (5 s is Node's own default) closes them under a request. */
const IDLE_MS = 4_000;

/**
 * Pooled keep-alive connections of undici. axios' own http adapter costs several times the CPU, follows what it should not,
 * and cannot tell whether a request left.
 */
export async function openPooledTransport(account: GatewayAccount): Promise<Transport> {
  const { Agent } = await import('undici');
  const agent = new Agent({
    connections: account.maxConnections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    connect: { timeout: account.connectTimeoutMs },
    // The exchange has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let closing: Promise<void> | undefined;
  return {
    adapter: (request) =>
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
      }),
    close: () => (closing ??= agent.close()),
  };
}
