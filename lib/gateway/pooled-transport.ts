import type { GatewayAccount } from './account.js';
import { Exchange } from './exchange.js';
import { skipInterimAnswers } from './skip-interim-answers.js';
import type { Transport, WireResponse } from './transport.js';

/** Idle connections are closed after this time: a server may close them during a request (Node's default is 5 s). */
const IDLE_MS = 4_000;

/**
 * Opens a pool of keep-alive connections of undici. axios' own http adapter costs several times the CPU, and does not show
 * whether a request left.
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
    // Exchange has one deadline for the whole request.
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

/** Not the origin of the account: an interceptor may have changed the URL. `new URL` costs more. */
function split(url: string): { origin: string; path: string } {
  const slash = url.indexOf('/', url.indexOf('://') + 3);
  return slash < 0 ? { origin: url, path: '/' } : { origin: url.slice(0, slash), path: url.slice(slash) };
}
