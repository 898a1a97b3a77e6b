import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import type { Lease, QueueEngine } from '../queue/durable-queue.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrPoll } from './dlr-inbox-stats.js';
import type { DlrIntake } from './dlr-intake.js';
import { GoodPolls, type PollingState } from './good-polls.js';
import type { InboxState } from './inbox-state.js';
import type { PollTimer } from './poll-timer.js';

const MAX_BACKOFF_MS = 5 * 60_000;
/** Longest backoff while the store is unavailable. */
const STORE_BACKOFF_MS = 15_000;
/** Longest interval of the attempts to take over from another process that polls. */
const STAND_BY_MS = 2_000;
const ANOTHER_POLLS = 'another process polls this account';
/** Consecutive failures after which another process may poll: the cause may be in this process alone. */
const FAILURES_BEFORE_RELEASE = 2;
/** A longer `Retry-After` is cut to this: a wrong header must not end the polling. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** Options of a {@link DlrPoller}. */
export interface PollingOptions {
  timer: PollTimer;
  /** Milliseconds until the next poll, after one that succeeded and left nothing at the gateway. */
  nextDelayMs: () => number;
  /** Reports that a download asks for. */
  count: number;
}

/**
 * Polls for reports, in one process at a time. Nothing is downloaded without a listener: the gateway deletes the reports that it
 * delivers, so its inbox is the safest place a report can be.
 */
export class DlrPoller {
  readonly #logger = new Logger('OurSmsDlrPoller');
  #running: Promise<DlrPoll> | undefined;
  #polls = 0;
  #failures = 0;
  #lease: Lease | undefined;
  #loggedObstacle: string | undefined;
  #last: DlrPoll | undefined;
  readonly #goodPolls: GoodPolls;

  /** @param leaseName Name of the lock that only one poller can hold. */
  constructor(
    private readonly engine: QueueEngine,
    private readonly leaseName: string,
    private readonly intake: DlrIntake,
    private readonly state: InboxState,
    private readonly options: PollingOptions,
  ) {
    this.#goodPolls = new GoodPolls(engine, `${leaseName}/good`, options.nextDelayMs);
  }

  /** Result of the last poll. */
  get last(): DlrPoll | undefined {
    return this.#last;
  }

  /** State of polling. */
  get polling(): PollingState {
    return this.#goodPolls.state;
  }

  /** Polls at once, unless the inbox is idle. */
  start(): void {
    this.#goodPolls.restart();
    this.#arm(0);
  }

  /**
   * Starts no more polls. Resolves when the running one has ended: a download is never aborted, since its reports would be lost.
   */
  async stop(): Promise<void> {
    this.options.timer.disarm();
    await this.#running;
    await this.#giveUpLease();
  }

  /** Makes a poll that starts after this call. Calls during a running poll share the next one. */
  async pollNow(): Promise<DlrPoll> {
    await this.#running;
    // A download in flight started before this call.
    await this.intake.settled();
    const why = this.state.whyIdle;
    return why === undefined ? this.#run() : { at: new Date().toISOString(), result: 'skipped', why };
  }

  #arm(delayMs: number): void {
    if (this.state.whyIdle !== undefined) return;
    this.options.timer.arm(delayMs, () => void this.#run());
  }

  #run(): Promise<DlrPoll> {
    this.options.timer.disarm();
    this.#running ??= this.#poll().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Makes one poll, and arms the timer for the next. Never rejects. */
  async #poll(): Promise<DlrPoll> {
    const at = new Date().toISOString();
    this.#polls += 1;
    if (this.#polls === 2) this.#checkShutdownHooks();
    try {
      const why = await this.#obstacle();
      const lease = this.#lease;
      if (why !== undefined || lease === undefined) {
        // Another process may poll meanwhile.
        await this.#giveUpLease();
        if (why === ANOTHER_POLLS) await this.#goodPolls.noteOthers();
        const delayMs = this.options.nextDelayMs();
        this.#arm(why === ANOTHER_POLLS ? Math.min(delayMs, STAND_BY_MS) : delayMs);
        return (this.#last = { at, result: 'skipped', why });
      }
      const reports = await this.intake.download(lease);
      if (reports === undefined) return this.#fail(at, 'the answer could not be parsed; it is kept', 0);
      this.#failures = 0;
      this.#goodPolls.note();
      this.#arm(reports >= this.options.count ? 0 : this.options.nextDelayMs());
      return (this.#last = { at, result: 'downloaded', reports });
    } catch (error) {
      const why = error instanceof OurSmsError ? error.message : describeThrown(error);
      const retryAfterMs = error instanceof OurSmsGatewayError ? (error.retryAfterMs ?? 0) : 0;
      // The store failed, not the gateway: a shorter backoff will do.
      return this.#fail(at, why, retryAfterMs, error instanceof OurSmsStorageError ? STORE_BACKOFF_MS : MAX_BACKOFF_MS);
    }
  }

  async #fail(at: string, why: string, retryAfterMs: number, longestMs = MAX_BACKOFF_MS): Promise<DlrPoll> {
    this.#failures += 1;
    const delayMs = this.#backoff(retryAfterMs, longestMs);
    // Another process may poll before this one, but not before a `Retry-After`, which applies to all processes.
    if (this.#failures >= FAILURES_BEFORE_RELEASE && retryAfterMs === 0) await this.#giveUpLease();
    this.#logger.error(`Polling for delivery reports failed; next poll in ${Math.round(delayMs)} ms. ${why}`);
    this.#arm(delayMs);
    return (this.#last = { at, result: 'failed', why });
  }

  async #obstacle(): Promise<string | undefined> {
    const why = (await this.intake.obstacle()) ?? (await this.#takeLease());
    const isLogged = why !== undefined && why !== ANOTHER_POLLS;
    if (why !== this.#loggedObstacle && isLogged) this.#logger.warn(`No delivery report is downloaded: ${why}`);
    this.#loggedObstacle = why;
    return why ?? (this.state.stopping.aborted ? this.state.whyIdle : undefined);
  }

  async #takeLease(): Promise<string | undefined> {
    if (this.#lease?.isValid()) return undefined;
    await this.#giveUpLease();
    this.#lease = await this.engine.exclusive(this.leaseName);
    return this.#lease?.isValid() ? undefined : ANOTHER_POLLS;
  }

  /** Releases the lock for other processes. Errors are ignored: the lock expires when the store is unavailable. */
  async #giveUpLease(): Promise<void> {
    await this.intake.settled();
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release().catch(() => undefined);
  }

  /** Exponential backoff with jitter, up to `longestMs`; at least the `Retry-After` of the gateway, up to an hour. */
  #backoff(retryAfterMs: number, longestMs: number): number {
    const base = Math.max(this.options.nextDelayMs(), 100);
    const longest = Math.max(base, longestMs);
    const wait = Math.min(base * 2 ** Math.min(this.#failures, 20), longest);
    return Math.max(wait / 2 + (Math.random() * wait) / 2, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
  }

  #checkShutdownHooks(): void {
    if (process.listenerCount('SIGTERM') > 0 || process.listenerCount('SIGINT') > 0) return;
    this.#logger.warn(
      'A signal would end this process during a download and lose its reports: call app.enableShutdownHooks()',
    );
  }
}
