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
/** Between looks at a store that is away. */
const STORE_BACKOFF_MS = 15_000;
/** Between attempts to take over from another process that polls. */
const STAND_BY_MS = 2_000;
const ANOTHER_POLLS = 'another process polls this account';
/** Failures in a row after which another process may try: what is wrong may be wrong here alone. */
const FAILURES_OF_ONE = 2;
/** A gateway that asks for more is asked again all the same: a wrong header must not end the polling. */
const MAX_RETRY_AFTER_MS = 60 * 60_000;

/** Options of a {@link DlrPoller}. */
export interface PollingOptions {
  timer: PollTimer;
  /** Milliseconds until the next poll, when the last one went well and left nothing at the gateway. */
  nextDelayMs: () => number;
  /** Reports that a download asks for. */
  count: number;
}

/**
 * Polls for reports. Nothing is downloaded that no listener would handle: the gateway deletes the reports that it delivers,
 * so its inbox is the safest place a report can be.
 */
export class DlrPoller {
  readonly #logger = new Logger('OurSmsDlrPoller');
  #running: Promise<DlrPoll> | undefined;
  #polls = 0;
  #failures = 0;
  #lease: Lease | undefined;
  #saidObstacle: string | undefined;
  #last: DlrPoll | undefined;
  readonly #good: GoodPolls;

  /** @param leaseName Name of the lock that only one poller can hold. */
  constructor(
    private readonly engine: QueueEngine,
    private readonly leaseName: string,
    private readonly intake: DlrIntake,
    private readonly state: InboxState,
    private readonly options: PollingOptions,
  ) {
    this.#good = new GoodPolls(engine, `${leaseName}/good`, options.nextDelayMs);
  }

  /** Result of the last poll. */
  get last(): DlrPoll | undefined {
    return this.#last;
  }

  /** How polling goes. */
  get polling(): PollingState {
    return this.#good.state;
  }

  /** Polls at once if the inbox works. */
  start(): void {
    this.#good.restart();
    this.#arm(0);
  }

  /**
   * Starts no more polls: the inbox is paused or stops. Resolves when the running one has ended: a download is never aborted, as
   * its reports would be lost.
   */
  async stop(): Promise<void> {
    this.options.timer.disarm();
    await this.#running;
    await this.#giveUpLease();
  }

  /** A poll that begins after the call; calls that wait for the running one share it. */
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

  /** One poll, which arms the next. Never rejects. */
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
        if (why === ANOTHER_POLLS) await this.#good.noteOthers();
        const delayMs = this.options.nextDelayMs();
        this.#arm(why === ANOTHER_POLLS ? Math.min(delayMs, STAND_BY_MS) : delayMs);
        return (this.#last = { at, result: 'skipped', why });
      }
      const reports = await this.intake.download(lease);
      if (reports === undefined) return this.#fail(at, 'the answer could not be parsed; it is kept', 0);
      this.#failures = 0;
      this.#good.note();
      this.#arm(reports >= this.options.count ? 0 : this.options.nextDelayMs());
      return (this.#last = { at, result: 'downloaded', reports });
    } catch (error) {
      const why = error instanceof OurSmsError ? error.message : describeThrown(error);
      const retryAfterMs = error instanceof OurSmsGatewayError ? (error.retryAfterMs ?? 0) : 0;
      // The gateway has no part in it, and need not be spared.
      return this.#fail(at, why, retryAfterMs, error instanceof OurSmsStorageError ? STORE_BACKOFF_MS : MAX_BACKOFF_MS);
    }
  }

  async #fail(at: string, why: string, retryAfterMs: number, longestMs = MAX_BACKOFF_MS): Promise<DlrPoll> {
    this.#failures += 1;
    const delayMs = this.#backoff(retryAfterMs, longestMs);
    // Another process looks before this one does. The wait that the gateway asks for is for all of them.
    if (this.#failures >= FAILURES_OF_ONE && retryAfterMs === 0) await this.#giveUpLease();
    this.#logger.error(`Polling for delivery reports failed; next poll in ${Math.round(delayMs)} ms. ${why}`);
    this.#arm(delayMs);
    return (this.#last = { at, result: 'failed', why });
  }

  async #obstacle(): Promise<string | undefined> {
    const why = (await this.intake.obstacle()) ?? (await this.#takeLease());
    const isWorthSaying = why !== undefined && why !== ANOTHER_POLLS;
    if (why !== this.#saidObstacle && isWorthSaying) this.#logger.warn(`No delivery report is downloaded: ${why}`);
    this.#saidObstacle = why;
    return why ?? (this.state.stopping.aborted ? this.state.whyIdle : undefined);
  }

  async #takeLease(): Promise<string | undefined> {
    if (this.#lease?.isValid()) return undefined;
    await this.#giveUpLease();
    this.#lease = await this.engine.exclusive(this.leaseName);
    return this.#lease?.isValid() ? undefined : ANOTHER_POLLS;
  }

  /** Another process may poll now. A store that is away ends the lock by itself. */
  async #giveUpLease(): Promise<void> {
    await this.intake.settled();
    const lease = this.#lease;
    this.#lease = undefined;
    await lease?.release().catch(() => undefined);
  }

  /** Twice the wait with each failure, up to five minutes, with jitter; an hour at the most if the gateway asks for it. */
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
