import type { GatewayClient } from '../gateway/gateway-client.js';
import type { GatewayState } from '../gateway/gateway-health.js';
import type { DlrInboxStats } from '../inbox/dlr-inbox-stats.js';
import type { PollingState } from '../inbox/good-polls.js';
import type { AccountMessages } from '../tracking/account-messages.js';
import type { AccountInbox } from './account-inbox.js';
import type { AccountStorage } from './account-storage.js';

/** Facts about the delivery reports of an account. */
export interface ReportFacts {
  stats: DlrInboxStats;
  /** Undefined without `dlr.poll`. */
  polling?: PollingState;
  /** Milliseconds since reports were last announced as possibly lost; undefined when that never happened. */
  sinceGapMs?: number;
}

/** Facts about the tracked messages of an account. */
export interface MessageFacts {
  /** Number of messages that all instances found missing within the last hour. */
  missing: number;
}

/**
 * Facts about the health of an account. Concurrent calls share one check of the store and one request to the gateway.
 * Reports are never downloaded.
 */
export class AccountHealth {
  readonly #store: () => Promise<void>;
  readonly #reports: () => Promise<ReportFacts | undefined>;
  readonly #messages: () => Promise<MessageFacts | undefined>;
  #credits: Promise<number | undefined> | undefined;
  #isAsking = false;
  /** `performance.now()`. */
  #askedAt = 0;

  constructor(
    private readonly gateway: GatewayClient,
    storage: AccountStorage,
    inbox: AccountInbox,
    messages: AccountMessages,
  ) {
    this.#store = shared(() => storage.checkWritable());
    this.#reports = shared(() => reportsOf(inbox));
    this.#messages = shared(() => messagesOf(messages, storage));
  }

  /** State of the gateway by the last download, or the last read of the credits; undefined before the first. */
  get gatewayState(): GatewayState | undefined {
    return this.gateway.health.state;
  }

  /** @throws {OurSmsStorageError} when the store was opened, and takes no writes now */
  checkStore(): Promise<void> {
    return this.#store();
  }

  /**
   * Facts about the reports; undefined when the account neither polls nor has a webhook.
   *
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  reports(): Promise<ReportFacts | undefined> {
    return this.#reports();
  }

  /**
   * Facts about the tracked messages; undefined when nothing is tracked, or the store was not needed yet.
   *
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  messages(): Promise<MessageFacts | undefined> {
    return this.#messages();
  }

  /**
   * The balance; undefined when it could not be read.
   *
   * @param maxAgeMs The credits are read again when the last read started at least this long ago, also if it failed.
   */
  credits(maxAgeMs: number): Promise<number | undefined> {
    const now = performance.now();
    if (this.#credits === undefined || (!this.#isAsking && now - this.#askedAt >= maxAgeMs)) {
      this.#askedAt = now;
      this.#isAsking = true;
      this.#credits = this.#readCredits().finally(() => (this.#isAsking = false));
    }
    return this.#credits;
  }

  async #readCredits(): Promise<number | undefined> {
    return this.gateway.getCredits().then(
      ({ credits }) => credits,
      () => undefined,
    );
  }
}

async function reportsOf({ opened }: AccountInbox): Promise<ReportFacts | undefined> {
  if (opened === undefined) return undefined;
  const [stats, gapAt] = await Promise.all([opened.stats(), opened.lastGapAt()]);
  const sinceGapMs = gapAt === undefined ? undefined : Math.max(0, Date.now() - gapAt);
  return { stats, polling: opened.polling, sinceGapMs };
}

async function messagesOf(messages: AccountMessages, storage: AccountStorage): Promise<MessageFacts | undefined> {
  if (!messages.isOn || !storage.isOpened) return undefined;
  return { missing: await messages.missingLately() };
}

/** Runs a function once at a time: calls during a run share it. */
function shared<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= run().finally(() => (running = undefined)));
}
