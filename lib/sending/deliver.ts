import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { SendReceipt } from '../dto/send-receipt.js';
import { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import type { WireMessage } from '../gateway/call.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { WireOptions } from '../gateway/wire-options.js';
import type { SendSpan } from '../telemetry/telemetry.js';
import { elapsedMs, localMoment, type Moment } from './moment.js';
import { canGuard, nextTryInMs, type RetryPolicy } from './retry-policy.js';
import type { TurnSource } from './turns.js';

const MINUTE_MS = 60_000;
const WITHDRAWN = 'it was withdrawn before it left';
const CLOCKS_DISAGREE = 'the clocks of this machine disagree';

/** The first try of unknown outcome, which a repeat must not duplicate. */
interface Doubt {
  /** A moment after the try left. Undefined when no repeat is guarded. */
  since?: Moment;
  /** Milliseconds from when the try left until `since`. */
  ageMs: number;
  /** Error of the try; undefined for a try of an earlier process. */
  error?: OurSmsError;
}

/** Durable mark of a request that is about to leave: after a crash it shows which requests may have been sent. */
export interface Checkpoint {
  /** Whether the request may leave. Called before the mark, and when the first byte is about to leave. */
  mayLeave(): boolean;
  /** Writes the mark. Resolves to the moment in it, once it is durable. */
  mark(): Promise<Moment>;
  /** Removes the mark: the try was certainly not sent. */
  clear(): Promise<void>;
}

/** A message to deliver, and the conditions of its delivery. */
export interface Delivery {
  message: WireMessage;
  /** Number of recipients that were left out of the message, for its receipt. */
  skipped?: number;
  wire?: Pick<WireOptions, 'method' | 'extra'>;
  turns: TurnSource;
  checkpoint?: Checkpoint;
  /**
   * A try of an earlier process that may have been sent. The first try is then guarded, and waits until the earlier try has
   * ended.
   */
  doubt?: Doubt;
  /** Signal of the caller: ends the wait, and the request in flight. */
  signal?: AbortSignal;
  /** Ends the waits between tries: the application or the campaign stops. */
  stopping?: AbortSignal;
  /** Records the tries. The caller ends it. */
  span?: SendSpan;
}

/** Result of a delivery. With a `doubt`, one of its tries may have been sent. */
export type DeliveryResult =
  | { kind: 'sent'; receipt: SendReceipt }
  /** Error of the first try of unknown outcome; without one, of the last try. */
  | { kind: 'failed'; error: unknown; doubt?: Doubt }
  /** The last try did not leave. */
  | { kind: 'withdrawn'; why: string; doubt?: Doubt };

/** Result of one try. */
type Try =
  | { kind: 'sent'; receipt: SendReceipt }
  | { kind: 'withdrawn'; why: string }
  | { kind: 'failed'; error: unknown; since?: Moment; leftAt: number };

const logger = new Logger('OurSmsOutbox');

/**
 * Sends a message, and repeats it when no recipient can get it twice: after a failure that proves that nothing was sent,
 * and, if guarded, after one of unknown outcome, with a `prevDups` that makes the gateway refuse the duplicate.
 *
 * Never rejects.
 *
 * @see OurSMS HTTP API, "1. Send Message": `prevDups`
 */
export async function deliver(
  gateway: GatewayClient,
  policy: RetryPolicy,
  delivery: Delivery,
): Promise<DeliveryResult> {
  const { message, checkpoint, stopping, span } = delivery;
  const isGuarded = canGuard(policy, message);
  let { doubt } = delivery;
  let firstLeftAt: number | undefined;
  // While the earlier try is in flight, it is not "sent" yet: the gateway would not refuse a duplicate.
  if (doubt) await pause(policy.timeoutMs, delivery);
  for (let tries = 1; ; tries++) {
    const last = await tryOnce(gateway, delivery, tries, doubt, isGuarded);
    if (last.kind === 'sent') return { kind: 'sent', receipt: annotated(last.receipt, tries, doubt) };
    if (last.kind === 'failed' && mayHaveLeft(last.error)) {
      doubt ??= { since: last.since, ageMs: 0, error: last.error instanceof OurSmsError ? last.error : undefined };
    }
    // The wait for the next try may be long, and the process may end during it.
    if (!doubt) await checkpoint?.clear().catch(() => undefined);
    if (last.kind === 'withdrawn') return withdrawn(last.why, doubt);
    const { error, leftAt } = last;
    span?.tryFailed(tries, error);
    if (!(error instanceof OurSmsError)) return { kind: 'failed', error, doubt };
    const gaveUp: DeliveryResult = { kind: 'failed', error: doubt?.error ?? error, doubt };
    firstLeftAt ??= leftAt;
    const elapsed = performance.now() - firstLeftAt;
    const waitMs = nextTryInMs(policy, { error, tries, elapsedMs: elapsed, canGuard: isGuarded });
    if (waitMs === undefined || stopping?.aborted) return gaveUp;
    logger.warn(`Try ${tries} of ${policy.attempts} failed; the next is in ${Math.round(waitMs)} ms. ${error.message}`);
    await pause(waitMs, delivery);
    if (stopping?.aborted) return gaveUp;
  }
}

/** One try, from the wait for its turn to the answer. */
async function tryOnce(
  gateway: GatewayClient,
  { message, skipped = 0, wire, turns, checkpoint, signal, span }: Delivery,
  tries: number,
  doubt: Doubt | undefined,
  isGuarded: boolean,
): Promise<Try> {
  let leftAt = performance.now();
  let since: Moment | undefined;
  try {
    const turn = await turns.next(signal);
    if (turn === undefined) return { kind: 'withdrawn', why: WITHDRAWN };
    try {
      if (checkpoint?.mayLeave() === false) return { kind: 'withdrawn', why: WITHDRAWN };
      // The mark of the try in doubt still exists.
      if (!doubt && checkpoint) {
        since = await checkpoint.mark().catch(() => undefined);
        if (since === undefined) return { kind: 'withdrawn', why: WITHDRAWN };
        // Only if guarded: reading the clocks costs a noticeable part of a request.
      } else if (!doubt && isGuarded) since = localMoment();
      leftAt = performance.now();
      // Computed when the request leaves: computed before the wait, the period would be too short for the try in doubt.
      const guarded = doubt ? withPrevDups(message, doubt) : message;
      if (guarded === undefined) return { kind: 'withdrawn', why: CLOCKS_DISAGREE };
      span?.tryLeaves(tries);
      const mayStart = checkpoint && ((): boolean => checkpoint.mayLeave());
      const { method, extra } = wire ?? {};
      const receipt = await gateway.send(guarded, skipped, { method, extra, signal, mayStart });
      return { kind: 'sent', receipt };
    } finally {
      turn.end();
    }
  } catch (error) {
    const isRefused = checkpoint !== undefined && error instanceof OurSmsAbortedError && error.outcome === 'notSent';
    return isRefused ? { kind: 'withdrawn', why: WITHDRAWN } : { kind: 'failed', error, since, leftAt };
  }
}

function withdrawn(why: string, doubt: Doubt | undefined): DeliveryResult {
  if (why !== CLOCKS_DISAGREE || doubt?.error === undefined) return { kind: 'withdrawn', why, doubt };
  logger.warn(
    `The message is not sent again: the clock was set, or the machine was suspended, since try 1. ${doubt.error.message}`,
  );
  return { kind: 'failed', error: doubt.error, doubt };
}

/** Only an OurSmsError says whether the request left. */
const mayHaveLeft = (error: unknown): boolean => !(error instanceof OurSmsError) || error.outcome === 'unknown';

/**
 * The message with a `prevDups` that covers the try in doubt: whole minutes, rounded up, plus one for the rounding of the
 * gateway. Undefined when the clocks do not prove the time that passed.
 */
function withPrevDups(message: WireMessage, { since, ageMs }: Doubt): WireMessage | undefined {
  const passedMs = since && elapsedMs(since, localMoment());
  if (passedMs === undefined) return undefined;
  const minutes = Math.ceil((ageMs + passedMs) / MINUTE_MS) + 1;
  return { ...message, prevDups: Math.max(minutes, message.prevDups ?? 0) };
}

/** Waits, and never rejects: once `signal` is aborted, the next try gets no turn. */
async function pause(ms: number, { signal, stopping }: Delivery): Promise<void> {
  const ends = [signal, stopping].filter((end) => end !== undefined);
  await wait(ms, undefined, { signal: AbortSignal.any(ends) }).catch(() => undefined);
}

function annotated(receipt: SendReceipt, attempts: number, doubt: Doubt | undefined): SendReceipt {
  if (doubt) return { ...receipt, attempts, confirmedByTwin: receipt.duplicates };
  return attempts === 1 ? receipt : { ...receipt, attempts };
}
