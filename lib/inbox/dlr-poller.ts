import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { DlrPage } from '../gateway/read-dlrs.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrIntake } from './dlr-intake.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { PollTimer } from './poll-timer.js';

const MAX_BACKOFF_MS = 5 * 60_000;
/** A gateway that asks for more is asked again all the same: a wrong header must not end the polling. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** What the poller works with. */
export interface DlrPollerParts {
  gateway: GatewayClient;
  publisher: DlrPublisher;
  intake: DlrIntake;
  timer: PollTimer;
  /** Reports a download asks for. */
  count: number;
  /** Milliseconds until the next poll, when the last one went well and left nothing at the gateway. */
  nextDelayMs: () => number;
}

/**
 * Downloads reports again and again. Nothing is taken from the gateway that nobody would handle: it deletes what it hands
 * out, so its inbox is the safest place a report can be.
 */
export class DlrPoller {
  readonly #logger = new Logger('OurSmsDlrPoller');
  #running: Promise<void> | undefined;
  #stopped = false;
  #polls = 0;
  #failures = 0;
  #saidNobodyListens = false;

  constructor(private readonly parts: DlrPollerParts) {}

  /** Starts polling, at once. */
  start(): void {
    this.#arm(0);
  }

  /** No poll starts from now on. One that runs goes on: a download must never be aborted, its reports would be lost. */
  stop(): void {
    this.#stopped = true;
    this.parts.timer.disarm();
  }

  /** Resolves when the running poll has ended and its reports are with their listeners. */
  async drained(): Promise<void> {
    await this.#running;
    const { held } = this.parts.intake;
    if (held > 0) this.#logger.error(`${held} delivery reports whose listeners failed are lost with this process`);
  }

  #arm(delayMs: number): void {
    if (this.#stopped) return;
    this.parts.timer.arm(delayMs, () => {
      this.#running = this.#tick().finally(() => (this.#running = undefined));
    });
  }

  async #tick(): Promise<void> {
    this.#polls += 1;
    if (this.#polls === 2) this.#checkShutdownHooks();
    try {
      const delayMs = await this.#poll();
      this.#failures = 0;
      this.#arm(delayMs);
    } catch (error) {
      this.#failures += 1;
      const delayMs = this.#backoff(error);
      const reason = error instanceof OurSmsError ? error.message : describeThrown(error);
      this.#logger.error(`Polling for delivery reports failed; next try in ${Math.round(delayMs)} ms. ${reason}`);
      this.#arm(delayMs);
    }
  }

  /** One poll; resolves to the delay until the next. */
  async #poll(): Promise<number> {
    const { publisher, intake, count, nextDelayMs } = this.parts;
    if (!publisher.hasListeners()) {
      this.#sayNobodyListens();
      return nextDelayMs();
    }
    await intake.offerAgain();
    if (!intake.hasRoom() || this.#stopped) return nextDelayMs();
    const taken = await intake.take(await this.#download());
    if (taken === undefined) throw new Error('a page of reports could not be read');
    return taken >= count ? 0 : nextDelayMs();
  }

  /** Downloads a page. What arrived of a broken answer is surfaced before the failure is reported. */
  async #download(): Promise<DlrPage> {
    const { gateway, intake, count } = this.parts;
    try {
      return await gateway.downloadDlrs(count);
    } catch (error) {
      const text = error instanceof OurSmsResponseError || error instanceof OurSmsTimeoutError ? error.rawBody() : '';
      const received = { account: gateway.accountName, receivedAt: new Date().toISOString(), text };
      if (text !== '') await intake.surface(received, 'the answer broke off, or was too large');
      throw error;
    }
  }

  /** Twice the wait with each failure, up to five minutes, with jitter; an hour at the most if the gateway asks for it. */
  #backoff(error: unknown): number {
    const base = Math.max(this.parts.nextDelayMs(), 100);
    const longest = Math.max(base, MAX_BACKOFF_MS);
    const wait = Math.min(base * 2 ** Math.min(this.#failures, 20), longest);
    const asked = error instanceof OurSmsGatewayError ? (error.retryAfterMs ?? 0) : 0;
    return Math.max(wait / 2 + (Math.random() * wait) / 2, Math.min(asked, MAX_RETRY_AFTER_MS));
  }

  #sayNobodyListens(): void {
    if (this.#saidNobodyListens) return;
    this.#saidNobodyListens = true;
    this.#logger.warn('Nobody listens to oursms.dlr, so no delivery report is downloaded: add a method with @OnDlr()');
  }

  #checkShutdownHooks(): void {
    if (process.listenerCount('SIGTERM') > 0 || process.listenerCount('SIGINT') > 0) return;
    this.#logger.warn(
      'A signal would end this process in the middle of a download and lose its reports: call app.enableShutdownHooks()',
    );
  }
}
