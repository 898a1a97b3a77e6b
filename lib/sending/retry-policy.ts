import { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import type { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';

const MAX_BACKOFF_MS = 10_000;

/** Whether a message is repeated when the outcome of a try is unknown. */
export type UnknownOutcomeAction = 'never' | 'guarded';

/** When a failed send is repeated. */
export interface RetryPolicy {
  /** Tries, the first included. */
  attempts: number;
  /** Upper bound of the first backoff in milliseconds; it doubles with each try. */
  delayMs: number;
  /** Milliseconds after the first try left within which the last one must leave. */
  deadlineMs: number;
  unknownOutcome: UnknownOutcomeAction;
  /** Milliseconds that a request may take. A guarded repeat waits as long, so that the try it repeats has ended. */
  timeoutMs: number;
}

/** A try that has failed. */
interface FailedTry {
  error: OurSmsError;
  /** Tries so far, this one included. */
  tries: number;
  /** Milliseconds since the first try left. */
  elapsedMs: number;
  /** Whether the message can be guarded with `prevDups`: see {@link canGuard}. */
  canGuard: boolean;
}

/**
 * Whether a repeat of a message of unknown outcome is guarded with `prevDups`. A message with a `delay` gets no guarded
 * repeat: while the gateway holds the first message, it is not "sent" yet, and the gateway would not refuse the duplicate.
 *
 * @see OurSMS HTTP API, "1. Send Message": `prevDups`, `delay`
 */
export const canGuard = ({ unknownOutcome }: RetryPolicy, { delay }: { delay?: number }): boolean =>
  unknownOutcome === 'guarded' && !delay;

/**
 * Milliseconds to wait before the next try: exponential backoff with full jitter, after the time that the gateway asked for
 * (`Retry-After`), or after the time in which a try of unknown outcome must have ended. Undefined when there must be no
 * further try.
 */
export function nextTryInMs(policy: RetryPolicy, failed: FailedTry): number | undefined {
  const { error, tries, elapsedMs } = failed;
  if (error instanceof OurSmsAbortedError || tries >= policy.attempts) return undefined;
  const isUnknown = error.outcome === 'unknown';
  if (isUnknown ? !failed.canGuard : !error.retryable) return undefined;
  const asked = error instanceof OurSmsGatewayError ? (error.retryAfterMs ?? 0) : 0;
  const backoffMs = Math.random() * Math.min(policy.delayMs * 2 ** (tries - 1), MAX_BACKOFF_MS);
  const waitMs = (isUnknown ? policy.timeoutMs : asked) + backoffMs;
  return elapsedMs + waitMs > policy.deadlineMs ? undefined : waitMs;
}
