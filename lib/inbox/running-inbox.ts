import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';
import type { RawBody } from '../gateway/decode-body.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { readDlrs } from '../gateway/read-dlrs.js';
import type { DurableQueue, Job, JobOutcome, QueueConsumer, QueueEngine } from '../queue/durable-queue.js';
import { accountPart } from '../queue/key-part.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { describeUnreadable } from './describe-unreadable.js';
import { DlrDownloads } from './dlr-downloads.js';
import type { UnreadableDlrs } from './dlr-events.js';
import { DlrGaps } from './dlr-gaps.js';
import type { DlrInboxStats, DlrPoll, FailedDlr } from './dlr-inbox-stats.js';
import { DlrIntake } from './dlr-intake.js';
import { DlrPoller, type PollingOptions } from './dlr-poller.js';
import { DlrPushes } from './dlr-pushes.js';
import { InboxState } from './inbox-state.js';
import type { DlrPublisher } from './dlr-publisher.js';
import { reportOf, type StoredDlr, type StoredPage } from './stored-jobs.js';
import type { PollingState } from './good-polls.js';
import { PageHandler, type PageOptions } from './page-handler.js';
import { ReportDispatcher } from './report-dispatcher.js';
import type { ReportMatching } from './report-matching.js';
import { shownDlr } from './traced-dlr.js';
import { RetryHandler } from './retry-handler.js';

/** Pages whose reports are delivered at the same time: one slow report must not block the next page. */
const PAGES_AT_ONCE = 4;
/** Pushes that are delivered at the same time, for each report that listeners may have at a time: a push may hold one alone. */
const PUSHES_PER_REPORT = 4;
const MOST_PUSHES_AT_ONCE = 128;
/** Between checks whether there is a listener. */
const LOOK_FOR_LISTENERS_MS = 500;
/** Reports that wait in the dispatcher at the most, besides those of the pages. */
const RETRIES_AT_ONCE = 64;

/** Options of a {@link RunningInbox}. */
export interface InboxOptions extends PageOptions {
  /** Unset: nothing is downloaded, and reports come by {@link RunningInbox.accept} alone. */
  polling?: PollingOptions;
  /** Whether pages may be pushes, which may hold one report each. */
  takesPushes: boolean;
  /** Milliseconds that a download may take. */
  requestTimeoutMs: number;
  concurrency: number;
  shutdownTimeoutMs: number;
}

/** A store that is away says so itself, and may be back before it is needed. */
function unlessRetryable(error: unknown): void {
  if (!(error instanceof OurSmsStorageError && error.retryable)) throw error;
}

/** The running inbox of an account: polls, takes what is pushed, stores, delivers and settles reports. */
export class RunningInbox {
  readonly pages: DurableQueue<StoredPage>;
  readonly retries: DurableQueue<StoredDlr>;
  readonly #account: string;
  readonly #state = new InboxState();
  readonly #dispatcher: ReportDispatcher;
  readonly #gaps: DlrGaps;
  readonly #intake: DlrIntake | undefined;
  readonly #poller: DlrPoller | undefined;
  readonly #pushes: DlrPushes;
  readonly #consumers: QueueConsumer[] = [];
  readonly #logger = new Logger('OurSmsDlrInbox');
  #pageHandler: PageHandler | undefined;
  #pausing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly engine: QueueEngine,
    gateway: GatewayClient,
    private readonly publisher: DlrPublisher,
    private readonly matching: ReportMatching,
    private readonly telemetry: Telemetry,
    private readonly options: InboxOptions,
  ) {
    const { concurrency, polling, requestTimeoutMs, maxResponseBytes } = options;
    this.#account = gateway.accountName;
    const names = accountPart(this.#account);
    this.pages = engine.queue<StoredPage>(`${names}/pages`, { isPrecious: true });
    this.retries = engine.queue<StoredDlr>(`${names}/reports`);
    this.#dispatcher = new ReportDispatcher(concurrency, (dlr) => publisher.publish(dlr));
    this.#gaps = new DlrGaps(engine, publisher, this.#account, requestTimeoutMs);
    const { pages, retries } = this;
    const [state, gaps] = [this.#state, this.#gaps];
    this.#pushes = new DlrPushes(this.#account, engine, pages, state, telemetry);
    if (polling === undefined) return;
    const limits = { count: polling.count, maxResponseBytes };
    const downloads = new DlrDownloads(engine, gateway, pages, gaps, publisher, telemetry, state.stopping, limits);
    this.#intake = new DlrIntake(engine, pages, retries, gaps, downloads, publisher, state);
    this.#poller = new DlrPoller(engine, `${names}/poller`, this.#intake, state, polling);
  }

  /** Reads what is in the store. @throws {OurSmsStorageError} when it cannot be read, and that does not pass by itself */
  async open(): Promise<void> {
    await Promise.all([this.pages, this.retries].map((queue) => queue.counts().catch(unlessRetryable)));
  }

  /** Starts, now that the listeners are there: with what an earlier process left. */
  start(): void {
    this.#state.start();
    if (this.#state.stopping.aborted) return;
    this.#consumeWhenHeard();
    if (this.#poller !== undefined) return this.#poller.start();
    // A process that polled may have left a gap. A store that is away is logged elsewhere.
    this.#gaps.announceInterrupted().catch(() => undefined);
  }

  /** Keeps the body of a push, as it came. @throws {OurSmsStorageError} when it cannot be kept */
  accept(body: RawBody): Promise<void> {
    return this.#pushes.keep(body);
  }

  /** Ends: the running download reaches the store, running listeners get their time, the rest waits for the next start. */
  async stop(): Promise<void> {
    this.#state.stop();
    if (!this.engine.isDurable) await this.#drain();
    this.#dispatcher.stop(this.options.shutdownTimeoutMs);
    const consumers = this.#consumers.map((consumer) => consumer.stop());
    // What it had when it was paused may still be with its listeners.
    await Promise.all([this.#stopPolling(), this.#pausing, ...consumers]);
    // A store that is away says so elsewhere.
    await this.#tellLeft().catch(() => undefined);
  }

  /** Reports that no other process can reach: this application must be started again to deliver them. */
  async #tellLeft(): Promise<void> {
    const { path } = this.engine;
    if (path === undefined) return;
    const { pages = 0, reports = 0 } = this.#pageHandler?.left ?? {};
    const waiting = reports + (await this.retries.pending());
    const unread = (await this.pages.pending()) - pages;
    const left = [
      waiting > 0 && `${waiting} delivery reports`,
      unread > 0 && `${unread} downloads that are not parsed yet`,
    ];
    const what = left.filter((one) => one !== false).join(' and ');
    if (what === '') return;
    this.#logger.warn(
      `${what} (account ${this.#account}) remain in ${oneLine(path)}: they are delivered after the next start with this directory`,
    );
  }

  async pause(): Promise<void> {
    this.#state.pause();
    // What waits goes back to the store, where other processes find it.
    const ended = [
      this.#stopPolling(),
      this.#dispatcher.pause(),
      ...this.#consumers.splice(0).map((one) => one.stop()),
    ];
    this.#intake?.noteRoom();
    this.#pausing = Promise.all([this.#pausing, ...ended]);
    await this.#pausing;
  }

  async resume(): Promise<void> {
    await this.#pausing;
    if (!this.#state.isPaused) return;
    this.#state.resume();
    this.#dispatcher.resume();
    if (this.#state.whyIdle !== undefined) return;
    this.#poller?.start();
    this.#consumeWhenHeard();
  }

  async #stopPolling(): Promise<void> {
    await this.#poller?.stop();
  }

  async pollNow(): Promise<DlrPoll> {
    const nothing: DlrPoll = { at: new Date().toISOString(), result: 'skipped', why: 'dlr.poll is not set' };
    return this.#poller?.pollNow() ?? nothing;
  }

  async stats(): Promise<DlrInboxStats> {
    const [pages, retries] = [await this.pages.counts(), await this.retries.counts()];
    const [inLine, running] = [this.#dispatcher.waiting, this.#dispatcher.running];
    // A report that is offered again and on its way to its lane, or back to its outcome, is in neither number.
    const onItsWay = Math.max(0, retries.active - inLine - running);
    const oldest = [pages.oldestAt, retries.oldestAt].filter((at) => at !== undefined);
    return {
      account: this.#account,
      waiting: inLine + onItsWay + retries.waiting,
      handling: running,
      failed: retries.failed,
      pages: pages.waiting + pages.active,
      unreadable: pages.failed,
      gaps: await this.#gaps.count(),
      oldestMs: oldest.length > 0 ? Math.max(0, Date.now() - Math.min(...oldest)) : undefined,
      paused: this.#state.isPaused,
      lastPoll: this.#poller?.last,
    };
  }

  /** How polling goes; undefined without `dlr.poll`. */
  get polling(): PollingState | undefined {
    return this.#poller?.polling;
  }

  /** When reports were last announced as possibly lost: milliseconds since 1970; undefined when that never happened. */
  lastGapAt(): Promise<number | undefined> {
    return this.#gaps.lastAt();
  }

  async *failed(): AsyncIterable<FailedDlr> {
    for await (const { id, data, attempts, reason, failedAt } of this.retries.failed()) {
      yield {
        id,
        dlr: shownDlr(reportOf(data)),
        attempts: data.attempts ?? attempts,
        reason,
        failedAt: new Date(failedAt).toISOString(),
      };
    }
  }

  async *unreadable(): AsyncIterable<UnreadableDlrs> {
    for await (const { id, data, reason } of this.pages.failed()) {
      yield describeUnreadable(id, data, reason, await readDlrs(data, this.options.maxResponseBytes));
    }
  }

  /** Without a listener, reports stay in the store: another process may have one. */
  #consumeWhenHeard(isFirst = true): void {
    if (this.#state.whyIdle !== undefined || this.#consumers.length > 0) return;
    if (this.publisher.hasListeners()) return this.#consume();
    // A poller says so itself.
    if (isFirst && this.#poller === undefined) {
      this.#logger.warn(
        'No listener for oursms.dlr: pushed reports are kept until there is one; add a method with @OnDlr()',
      );
    }
    setTimeout(() => this.#consumeWhenHeard(false), LOOK_FOR_LISTENERS_MS).unref();
  }

  #consume(): void {
    const { publisher, matching, telemetry, options } = this;
    const [dispatcher, gaps] = [this.#dispatcher, this.#gaps];
    const pages = new PageHandler(publisher, dispatcher, this.pages, this.retries, gaps, matching, telemetry, options);
    const retries = new RetryHandler(publisher, dispatcher, options);
    this.#pageHandler = pages;
    const handlePage = async (job: Job<StoredPage>): Promise<JobOutcome<StoredPage>> => {
      const outcome = await pages.handle(job).finally(() => this.#intake?.noteRoom());
      if (outcome.kind !== 'again') this.#pushes.noteHandled(job.id);
      return outcome;
    };
    this.#consumers.push(
      this.pages.consume(handlePage, { concurrency: this.#pagesAtOnce() }),
      this.retries.consume((job) => retries.handle(job), { concurrency: RETRIES_AT_ONCE, idleAtFirst: true }),
    );
  }

  #pagesAtOnce(): number {
    const { takesPushes, concurrency } = this.options;
    if (!takesPushes) return PAGES_AT_ONCE;
    return Math.max(PAGES_AT_ONCE, Math.min(PUSHES_PER_REPORT * concurrency, MOST_PUSHES_AT_ONCE));
  }

  /** Nothing waits for a next start in memory: what is there gets the time that running listeners get. */
  async #drain(): Promise<void> {
    await this.#stopPolling();
    const end = performance.now() + this.options.shutdownTimeoutMs;
    for (;;) {
      const { pages, waiting, handling } = await this.stats();
      if (pages + waiting + handling === 0) return;
      if (performance.now() >= end || this.#consumers.length === 0)
        return this.#logger.error(
          `${waiting + handling > 0 ? waiting + handling : `${pages} downloads or pushes of`} delivery reports are lost: this process ends before they are handled, and storage is 'memory'`,
        );
      await wait(10);
    }
  }
}
