import type { IncomingMessage, ServerResponse } from 'node:http';
import { WEBHOOK_PATH } from '../reports/webhook-path.js';

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;
/** The gateway reaches it through a proxy, under another name. A push proves by its secret where it comes from. */
const WEBHOOK = new RegExp(`^/${WEBHOOK_PATH}/[^/]+$`);
const LIST_UPLOAD = /^\/campaigns\/lists\/?(\?|$)/i;

/**
 * Middleware that answers this application's own pages and local tools alone. Whoever runs it has a browser, and any web
 * page open there can send requests to 127.0.0.1: without this, it could send messages from the developer's account. The webhook
 * of the gateway is let through.
 */
export function refuseForeignRequests(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  const refusal = refusalOf(req);
  if (refusal === undefined) return next();
  const [statusCode, message] = refusal;
  res.statusCode = statusCode;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  // The body was not read: the connection cannot serve another request.
  res.setHeader('connection', 'close');
  res.end(JSON.stringify({ statusCode, message }));
}

function refusalOf({ method = 'GET', url = '', headers }: IncomingMessage): [number, string] | undefined {
  if (method === 'POST' && WEBHOOK.test(url)) return undefined;
  // A name that an attacker's DNS points to 127.0.0.1 still stands in Host.
  if (!LOOPBACK_HOST.test(headers.host ?? '')) return [403, 'Only requests to localhost or 127.0.0.1 are answered.'];
  const isRead = method === 'GET' || method === 'HEAD';
  if (isForeign(headers) && !(isRead && headers['sec-fetch-mode'] === 'navigate')) {
    return [403, 'Requests from other web pages are refused.'];
  }
  // A form of another page can send neither JSON nor CSV, and a script of one would have to ask first, as for each method
  // but POST.
  const wanted = LIST_UPLOAD.test(url) ? 'text/csv' : 'application/json';
  if (method === 'POST' && /^[^;\s]*/.exec(headers['content-type']?.toLowerCase() ?? '')?.[0] !== wanted) {
    return [415, `Send the body as ${wanted}.`];
  }
  return undefined;
}

function isForeign({ origin, host, 'sec-fetch-site': site }: IncomingMessage['headers']): boolean {
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase()) return true;
  return site === 'cross-site' || site === 'same-site';
}
