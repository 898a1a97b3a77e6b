import type { ReportEnvelope } from './simulator.options.js';

/** @inline */
type Nothing = Record<never, never>;

/**
 * The faults that can be played, each with its parameters.
 *
 * **Processed** means that the gateway did what was asked before things went wrong: the message goes out and is charged,
 * the reports are deleted. Whoever repeats such a request does it twice.
 */
export interface FaultParameters {
  /** Processed at once; the answer comes `ms` later. Adds to another fault of the same request. */
  latency: { ms: number };
  /** Not processed: the connection is reset (RST) once the request was read. */
  resetBefore: Nothing;
  /** Processed, then the connection is reset (RST) without an answer. */
  resetAfter: Nothing;
  /** Processed; `bytes` of the answer's body (default: half) come under its full Content-Length, then FIN. */
  halfClosed: { bytes?: number };
  /** Processed; the body drips: `bytes` (default 1) every `everyMs` (default 100). */
  slowBody: { bytes?: number; everyMs?: number };
  /** Processed; no answer ever comes, the connection stays open. */
  hang: Nothing;
  /** Processed; 200, said to be JSON, with a `body` that is none. Default: bytes that are not UTF-8 either. */
  garbage: { body?: string | Uint8Array };
  /** Not processed: an HTML page under `status` (default 200), as a proxy or a firewall puts in between. */
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
  /** Processed; 200 with one JSON string of `bytes` (default 64 MiB), chunked and so without a Content-Length. */
  huge: { bytes?: number };
  /** Not processed: `status` (default 302) with `Location`. */
  redirect: { location: string; status?: 301 | 302 | 303 | 307 | 308 };
  /** Processed and answered well, but the reports come in this envelope. Matches downloads of reports only. */
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

/** Whether the gateway does what was asked before this fault shows. */
export function isProcessed(fault: Fault | undefined): boolean {
  if (fault === undefined) return true;
  return fault.kind === 'serverError' ? fault.processed === true : !UNPROCESSED.has(fault.kind);
}
