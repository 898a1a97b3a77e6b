import type { ReportEnvelope } from './simulator.options.js';

/** @inline */
type Nothing = Record<never, never>;

/**
 * The faults that the simulator can inject, each with its parameters.
 *
 * **Processed** means that the gateway executes the request before the fault: it sends and charges the message, or deletes the
 * reports. A repeat of such a request is executed twice.
 */
export interface FaultParameters {
  /** Processed at once; the answer comes `ms` later. Can be combined with another fault of the same request. */
  latency: { ms: number };
  /** Not processed: the connection is reset (RST) after the request is read. */
  resetBefore: Nothing;
  /** Processed, then the connection is reset (RST) without an answer. */
  resetAfter: Nothing;
  /** Processed; `bytes` of the answer's body (default: half) come under its full Content-Length, then FIN. */
  halfClosed: { bytes?: number };
  /** Processed; the body drips: `bytes` (default 1) every `everyMs` (default 100). */
  slowBody: { bytes?: number; everyMs?: number };
  /** Processed; no answer ever comes, the connection stays open. */
  hang: Nothing;
  /** Processed; 200 with the content type of JSON and a `body` that is not JSON. Default: bytes that are also not UTF-8. */
  garbage: { body?: string | Uint8Array };
  /** Not processed: an HTML page under `status` (default 200), like that of a proxy or a firewall. */
  html: { status?: number };
  /** Processed; 200 with an empty body. */
  empty: Nothing;
  /** Not processed: 200 with an error in the body. Default: 6208, prefix not supported. */
  errorIn200: { errorCode?: number; message?: string };
  /** Not processed: 429 with `Retry-After`, in seconds or as a date. Default: 1. */
  rateLimit: { retryAfter?: number | string };
  /** 500 with an error in the body. Not processed, unless `processed`. */
  serverError: { processed?: boolean };
  /** Not processed: 503, with `Retry-After` (seconds or a date) when one is given. */
  unavailable: { retryAfter?: number | string };
  /** Processed; 200 with one JSON string of `bytes` (default 64 MiB), chunked, without a Content-Length. */
  huge: { bytes?: number };
  /** Not processed: `status` (default 302) with `Location`. */
  redirect: { location: string; status?: 301 | 302 | 303 | 307 | 308 };
  /** Processed; a valid answer with the reports in this envelope. Matches only downloads of reports. */
  envelope: { envelope: ReportEnvelope };
}

/** The name of a fault. */
export type FaultKind = keyof FaultParameters;

/** A fault with its parameters. */
export type Fault = { [Kind in FaultKind]: { kind: Kind } & FaultParameters[Kind] }[FaultKind];

const UNPROCESSED: ReadonlySet<FaultKind> = new Set<FaultKind>([
  'resetBefore',
  'html',
  'errorIn200',
  'rateLimit',
  'unavailable',
  'redirect',
]);

/** Whether the gateway executes the request before this fault. */
export function isProcessed(fault: Fault | undefined): boolean {
  if (fault === undefined) return true;
  return fault.kind === 'serverError' ? fault.processed === true : !UNPROCESSED.has(fault.kind);
}
