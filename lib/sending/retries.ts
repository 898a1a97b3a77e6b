import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { SendReceipt } from '../dto/send-receipt.js';
import { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import type { WireMessage } from '../gateway/call.js';
import { elapsedMs, localMoment, type Moment } from './moment.js';

const LONGEST_WAIT_MS = 10_000;
const MINUTE_MS = 60_000;

/** What is done when the outcome of a send is unknown. */
export type UnknownOutcomeAction = 'never' | 'guarded';

/** When a message is sent again by itself. */
export interface RetryPolicy {
  /** Tries, the first included. */
  attempts: number;
  /** Milliseconds of the first wait at the most; twice as many each time. */
  delayMs: number;
  /** Milliseconds from when the first try began on its way, within which the last must begin. */
  deadlineMs: number;
  unknownOutcome: UnknownOutcomeAction;
  /** Milliseconds that a request may take: a guarded repeat waits as long, so that what it repeats has come to its end. */
  timeoutMs: number;
}

/** The first try whose outcome is unknown: it is what a repeat must not double. */
interface Doubt {
  /** What it failed with; undefined for one of an earlier process. */
  error?: OurSmsError;
  since: Moment;
  /** How long before that moment the try began on its way, in milliseconds. */
  ageMs: number;
}

/** The clocks of this machine do not agree on how long ago the try in doubt began: it cannot be guarded against. */
export class ClocksDisagree extends Error {}

/**
 * Makes a try.
 *
 * @param onTurn Called when the try has waited for its turn and begins on its way: the message as it must go out then.
 */
export type Attempt = (onTurn: () => WireMessage) => Promise<SendReceipt>;

/** What is to be known of a send besides its message. */
export interface RetryContext {
  /** The caller's: ends the waiting. The next try finds itself aborted, and does not go out. */
  signal?: AbortSignal;
  /** Ends the waiting with the error of the last try: the application is ending. */
  stopping?: AbortSignal;
  /**
   * How long ago a try began that may have been sent, in milliseconds: the first try is guarded then, and waits as long as a
   * request may take, since that try may have ended just now.
   */
  inDoubtMs?: number;
}

/**
 * Sends a message again when that cannot double it: after a failure that proves that nothing was sent, and, if guarded, after
 * an unknown one, with a `prevDups` that makes the gateway itself refuse the twin.
 *
 * @see OurSMS HTTP API, "1. Send Message": `prevDups`
 */
export class Retries {
  readonly #logger = new Logger('OurSmsOutbox');

  constructor(private readonly policy: RetryPolicy) {}

  /** @throws {OurSmsError} of the last try; of the first unknown one, if there was one: it may have been sent */
  async send(
    message: WireMessage,
    attempt: Attempt,
    { signal, stopping, inDoubtMs }: RetryContext = {},
  ): Promise<SendReceipt> {
    // A caller that gives up is told so by the next try, which does not go out.
    const pause = async (ms: number): Promise<void> => {
      const ends = [signal, stopping].filter((one) => one !== undefined);
      await wait(ms, undefined, { signal: AbortSignal.any(ends) }).catch(() => undefined);
    };
    let doubt: Doubt | undefined = inDoubtMs === undefined ? undefined : { since: localMoment(), ageMs: inDoubtMs };
    // What is still under way is not "sent" yet, and so no duplicate to the gateway.
    if (doubt) await pause(this.policy.timeoutMs);
    let began: number | undefined;
    for (let tries = 1; ; tries++) {
      let since = performance.now();
      let left: Moment | undefined;
      const onTurn = (): WireMessage => {
        since = performance.now();
        began ??= since;
        // To read it costs as much as a part of a request.
        if (this.policy.unknownOutcome === 'guarded') left = localMoment();
        // A look-back that is worked out before the try waits would not reach the first one any more.
        return doubt ? guarded(message, doubt) : message;
      };
      try {
        const receipt = await attempt(onTurn);
        return tries === 1 && !doubt ? receipt : told(receipt, tries, doubt !== undefined);
      } catch (error) {
        if (error instanceof ClocksDisagree && doubt?.error) {
          this.#logger.warn(
            `The clock was set, or the machine was suspended, since try 1: the message is not sent again. ${doubt.error.message}`,
          );
          throw doubt.error;
        }
        if (!(error instanceof OurSmsError)) throw error;
        if (error.outcome === 'unknown') doubt ??= { error, since: left ?? { wall: NaN }, ageMs: 0 };
        began ??= since;
        const waitMs = this.#waitMs(error, tries, message);
        const isLate = performance.now() - began + (waitMs ?? 0) > this.policy.deadlineMs;
        const isLast = waitMs === undefined || tries >= this.policy.attempts || isLate;
        if (isLast || stopping?.aborted) throw doubt?.error ?? error;
        this.#logger.warn(
          `Try ${tries} of ${this.policy.attempts}; the next in ${Math.round(waitMs)} ms. ${error.message}`,
        );
        await pause(waitMs);
        if (stopping?.aborted) throw doubt?.error ?? error;
      }
    }
  }

  /** How long to wait before the next try; undefined when there must be none. */
  #waitMs(error: OurSmsError, tries: number, message: WireMessage): number | undefined {
    const { delayMs, timeoutMs, unknownOutcome } = this.policy;
    if (error instanceof OurSmsAbortedError) return undefined;
    const jittered = Math.random() * Math.min(delayMs * 2 ** (tries - 1), LONGEST_WAIT_MS);
    if (error.outcome === 'unknown') {
      // What is held back at the gateway is not "sent" yet, and so no duplicate to it.
      const canGuard = unknownOutcome === 'guarded' && !message.delay;
      return canGuard ? timeoutMs + jittered : undefined;
    }
    if (!error.retryable) return undefined;
    const asked = error instanceof OurSmsGatewayError ? (error.retryAfterMs ?? 0) : 0;
    return asked + jittered;
  }
}

/**
 * The message with a look-back that covers the try in doubt: whole minutes, rounded up, and one for the gateway's rounding.
 *
 * @throws {ClocksDisagree}
 */
function guarded(message: WireMessage, { since, ageMs }: Doubt): WireMessage {
  const passedMs = elapsedMs(since, localMoment());
  if (passedMs === undefined) throw new ClocksDisagree('the clocks of this machine disagree');
  const minutes = Math.ceil((ageMs + passedMs) / MINUTE_MS) + 1;
  return { ...message, prevDups: Math.max(minutes, message.prevDups ?? 0) };
}

function told(receipt: SendReceipt, attempts: number, isRepeat: boolean): SendReceipt {
  if (!isRepeat) return { ...receipt, attempts };
  return { ...receipt, attempts, confirmedByTwin: receipt.duplicates };
}
