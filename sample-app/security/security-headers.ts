import type { IncomingMessage, ServerResponse } from 'node:http';

const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const COMMON = "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Nothing from elsewhere, nothing inline, and no way to turn text into markup. */
const PAGE_POLICY = `${COMMON}; style-src 'self'; img-src 'self'; form-action 'none'; require-trusted-types-for 'script'`;

/** The API page writes its styles into the document and draws its icons from data URLs. */
const API_PAGE_POLICY = `${COMMON}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'none'`;

/** Middleware that tells the browser what a page of this application may do. */
export function setSecurityHeaders(req: IncomingMessage, res: ServerResponse, next: () => void): void {
  for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
  const isApiPage = /^\/api(\/|\?|$)/.test(req.url ?? '');
  res.setHeader('content-security-policy', isApiPage ? API_PAGE_POLICY : PAGE_POLICY);
  next();
}
