import type { GatewayAccount } from './account.js';
import { Exchange } from './exchange.js';
import { skipInterimAnswers } from './skip-interim-answers.js';
import type { Transport, WireResponse } from './transport.js';

/** Idle connections are closed after this time, before a server (5 s is Node's own default) closes them under a request. */
const IDLE_MS = 4_000;

/**
 * Pooled keep-alive connections of undici. axios' own http adapter costs several times the CPU, and cannot tell whether a
 * request left.
 */
export async function openPooledTransport(account: GatewayAccount): Promise<Transport> {
  const { Agent, buildConnector } = await import('undici');
  const connect = buildConnector({ timeout: account.connectTimeoutMs });
  const agent = new Agent({
    connections: account.maxConnections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    connect: (options, callback) =>
      connect(options, (...[error, socket]) =>
        error === null ? callback(null, skipInterimAnswers(socket)) : callback(error, null),
      ),
    // The exchange has one deadline for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  let closing: Promise<void> | undefined;
  return {
    isDirect: true,
    exchange: (request) =>
      new Promise<WireResponse>((resolve, reject) => {
        const { method, headers, data: body } = request;
        const { origin, path } = split(request.url);
        agent.dispatch({ origin, path, method, headers, body }, new Exchange(request, account, resolve, reject));
      }),
    close: () => (closing ??= agent.close()),
  };
}

/** An interceptor may have sent the request elsewhere, so the origin is read each time; `new URL` costs more. */
function split(url: string): { origin: string; path: string } {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  return slash < 0 ? { origin: url, path: '/' } : { origin: url.slice(0, slash), path: url.slice(slash) };
}
