import { Logger } from '@nestjs/common';
import type { SendEstimate } from '../dto/send-estimate.js';
import type { MessageToSend } from '../dto/send-message.dto.js';
import type { SendReceipt } from '../dto/send-receipt.js';
import { closedError } from '../errors/closed-error.js';
import { OurSmsBusyError } from '../errors/oursms-busy.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { WireMessage } from '../gateway/call.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { adviseMessage } from '../message/advise-message.js';
import { describeText } from '../message/describe-text.js';
import type { SendSpan, Telemetry } from '../telemetry/telemetry.js';
import { CallerSignals } from './caller-signals.js';
import { deliver, type DeliveryResult } from './deliver.js';
import { keepQuietHours } from './keep-quiet-hours.js';
import { prepareMessage, type MessagePolicy } from './prepare-message.js';
import { checkSendOptions, type SendOptions } from './send-options.js';
import type { SendTracker, TrackedOutcome, TrackedSend } from './send-tracker.js';
import type { RetryPolicy } from './retry-policy.js';
import type { Turns } from './turns.js';

/** Sends the single messages of an account. */
export class Outbox {
  readonly #logger = new Logger('OurSmsOutbox');
  readonly #signals = new CallerSignals();
  readonly #closing = new AbortController();
  /** Sends that wait or are in flight. */
  #sending = 0;

  constructor(
    private readonly gateway: GatewayClient,
    private readonly policy: MessagePolicy,
    private readonly retry: RetryPolicy,
    private readonly turns: Turns,
    private readonly maxWaiting: number,
    private readonly tracker: SendTracker,
    private readonly telemetry: Telemetry,
  ) {}

  /** Checks a message and sends it. Repeats it only when no recipient can get it twice. */
  async send(message: MessageToSend, options: SendOptions): Promise<SendReceipt> {
    const { prepared, skipped } = prepareMessage(message, this.policy);
    checkSendOptions(options, this.policy.account, this.gateway.sendMethods, this.tracker.isOn);
    const { message: adjusted, heldMinutes, warning } = keepQuietHours(prepared, this.policy, new Date());
    if (warning !== undefined) this.#logger.warn(warning);
    const receipt = await this.#deliver(adjusted, skipped, options);
    return heldMinutes === undefined ? receipt : { ...receipt, heldMinutes };
  }

  async #deliver(message: WireMessage, skipped: number, options: SendOptions): Promise<SendReceipt> {
    this.#checkOpen();
    const { signal, end } = this.#signals.follow(options.signal);
    const stopping = this.#closing.signal;
    const turns = this.turns.urgent;
    this.#sending += 1;
    try {
      const { reference } = options;
      const span = this.telemetry.startSend('message', message.dests.length);
      const tracked = this.tracker.isOn ? await this.#track(message, reference, span) : undefined;
      const delivery = { message, skipped, wire: options, turns, signal, stopping, span };
      const result = await deliver(this.gateway, this.retry, delivery);
      tracked?.ended(trackedOutcome(result));
      span.end(result);
      if (result.kind === 'sent') {
        const { receipt } = result;
        if (reference !== undefined) receipt.reference = reference;
        return receipt;
      }
      throw result.kind === 'failed' ? result.error : (result.doubt?.error ?? this.gateway.abortedSend(message));
    } finally {
      this.#sending -= 1;
      end();
    }
  }

  async #track(message: WireMessage, reference: string | undefined, span: SendSpan): Promise<TrackedSend | undefined> {
    try {
      return await this.tracker.begin(message, { reference, traceparent: span.traceparent });
    } catch (error) {
      span.end({ kind: 'failed', error });
      if (!(error instanceof OurSmsStorageError)) throw error;
      const { fault, path } = error;
      throw new OurSmsStorageError(
        `send (account ${this.policy.account}): the record of the message cannot be kept, so the message was not sent. ${error.message}`,
        { fault, path },
      );
    }
  }

  /** @throws {OurSmsAbortedError} once it is closed @throws {OurSmsBusyError} while too many sends wait */
  #checkOpen(): void {
    const { account } = this.policy;
    if (this.#closing.signal.aborted) throw closedError('send', account);
    const waiting = this.#sending - this.turns.urgentInFlight;
    if (waiting < this.maxWaiting) return;
    throw new OurSmsBusyError(
      `send (account ${account}): ${waiting} sends of this process are waiting already (rate.maxWaiting). The message was not sent; send it again when fewer are waiting.`,
      { outcome: 'notSent', retryable: true, account, operation: 'send' },
    );
  }

  /**
   * Refuses new sends and ends the waits between tries. Resolves when the sends that wait for their turn have left, or
   * `patienceMs` have passed.
   */
  async close(patienceMs: number): Promise<void> {
    this.#closing.abort();
    await this.turns.drained(AbortSignal.timeout(patienceMs));
  }

  /** Dry run of `send`: checks a message, counts its parts and reads the credits. */
  async estimate(message: MessageToSend): Promise<SendEstimate> {
    const now = new Date();
    const { prepared, skipped } = prepareMessage(message, this.policy);
    const { message: adjusted, heldMinutes } = keepQuietHours(prepared, this.policy, now);
    const text = describeText(adjusted.body);
    const recipients = adjusted.dests.length;
    const parts = recipients * text.parts;
    const advice = adviseMessage(adjusted, { quietHours: this.policy.quietHours, now });
    const { credits } = await this.gateway.getCredits();
    const estimate = { recipients, skipped, text, parts, credits, sufficient: credits >= parts, advice };
    return heldMinutes === undefined ? estimate : { ...estimate, heldMinutes };
  }
}

/** Only an OurSmsError proves that nothing was sent. */
function trackedOutcome(result: DeliveryResult): TrackedOutcome {
  if (result.kind === 'sent') return result;
  if (result.doubt !== undefined) return { kind: 'unknown' };
  if (result.kind === 'withdrawn') return { kind: 'notSent' };
  return { kind: result.error instanceof OurSmsError ? result.error.outcome : 'unknown' };
}
