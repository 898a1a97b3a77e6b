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
import { PageReader } from './page-reader.js';
import { ReportDispatcher } from './report-dispatcher.js';
import type { ReportMatching } from './report-matching.js';
import { shownDlr } from './traced-dlr.js';
import { RetryHandler } from './retry-handler.js';

/** Pages that are handled at a time: one slow report must not block the next page. */
const PAGES_AT_ONCE = 4;
/** Pushes that are handled at a time, for each unit of `concurrency`: a push may hold a single report. */
const PUSHES_PER_REPORT = 4;
const MAX_PUSHES_AT_ONCE = 128;
/** Interval of the check for a listener. */
const CHECK_LISTENERS_MS = 500;
/** Reports to redeliver that are in the dispatcher at a time. */
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

/** An unavailable store is logged elsewhere, and may recover before it is needed. */
function ignoreRetryable(error: unknown): void {
  if (!(error instanceof OurSmsStorageError && error.retryable)) throw error;
}

/** The running inbox of an account: downloads reports, accepts pushed ones, and stores, delivers and settles them. */
export class RunningInbox {
  readonly pages: DurableQueue<StoredPage>;
  readonly retries: DurableQueue<StoredDlr>;
  readonly #account: string;
  readonly #state = new InboxState();
  readonly #dispatcher: ReportDispatcher;
  readonly #reader: PageReader;
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
    this.#reader = new PageReader(maxResponseBytes);
    const { pages, retries } = this;
    const [state, reader, gaps] = [this.#state, this.#reader, this.#gaps];
    this.#pushes = new DlrPushes(this.#account, engine, pages, state, telemetry);
    if (polling === undefined) return;
    const limits = { count: polling.count, maxResponseBytes };
    const downloads = new DlrDownloads(
      engine,
      gateway,
      pages,
      reader,
      gaps,
      publisher,
      telemetry,
      state.stopping,
      limits,
    );
    this.#intake = new DlrIntake(engine, pages, retries, gaps, downloads, publisher, state);
    this.#poller = new DlrPoller(engine, `${names}/poller`, this.#intake, state, polling);
  }

  /** Checks that the store can be read. @throws {OurSmsStorageError} when it cannot, unless the error is retryable */
  async open(): Promise<void> {
    await Promise.all([this.pages, this.retries].map((queue) => queue.counts().catch(ignoreRetryable)));
  }

  /** Starts to poll and to deliver, reports of an earlier process included. Called when the listeners are registered. */
  start(): void {
    this.#state.start();
    if (this.#state.stopping.aborted) return;
    this.#consumeWithListener();
    if (this.#poller !== undefined) return this.#poller.start();
    // An earlier process that polled may have left a gap. An unavailable store is logged elsewhere.
    this.#gaps.announceInterrupted().catch(() => undefined);
  }

  /** Stores the body of a push, unchanged. @throws {OurSmsStorageError} when it cannot be stored */
  accept(body: RawBody): Promise<void> {
    return this.#pushes.store(body);
  }

  /** Stops: the running download is stored, running listeners get `shutdownTimeoutMs`, the rest waits for the next start. */
  async stop(): Promise<void> {
    this.#state.stop();
    if (!this.engine.isDurable) await this.#drain();
    this.#dispatcher.stop(this.options.shutdownTimeoutMs);
    const consumers = this.#consumers.map((consumer) => consumer.stop());
    // Reports may still be with their listeners after a pause that has not finished.
    await Promise.all([this.#stopPolling(), this.#pausing, ...consumers]);
    // An unavailable store is logged elsewhere.
    await this.#warnOfRemaining().catch(() => undefined);
  }

  /** Logs the reports in a directory: no other process reaches them, so they wait for a restart of this application. */
  async #warnOfRemaining(): Promise<void> {
    const { path } = this.engine;
    if (path === undefined) return;
    const { pages = 0, reports = 0 } = this.#pageHandler?.left ?? {};
    const waiting = reports + (await this.retries.pending());
    const unread = (await this.pages.pending()) - pages;
    const remaining = [
      waiting > 0 && `${waiting} delivery reports`,
      unread > 0 && `${unread} downloads that are not parsed yet`,
    ];
    const what = remaining.filter((one) => one !== false).join(' and ');
    if (what === '') return;
    this.#logger.warn(
      `${what} (account ${this.#account}) remain in ${oneLine(path)}: they are delivered after the next start with this directory`,
    );
  }

  async pause(): Promise<void> {
    this.#state.pause();
    // Waiting reports go back to the store, where other processes can take them.
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
    this.#consumeWithListener();
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
    const [queued, running] = [this.#dispatcher.waiting, this.#dispatcher.running];
    // A redelivered report that is about to enter the dispatcher, or has just left it, is in neither number.
    const between = Math.max(0, retries.active - queued - running);
    const oldest = [pages.oldestAt, retries.oldestAt].filter((at) => at !== undefined);
    return {
      account: this.#account,
      waiting: queued + between + retries.waiting,
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

  /** State of polling; undefined without `dlr.poll`. */
  get polling(): PollingState | undefined {
    return this.#poller?.polling;
  }

  /** Time of the last gap: milliseconds since 1970; undefined without a gap. */
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
  #consumeWithListener(isFirst = true): void {
    if (this.#state.whyIdle !== undefined || this.#consumers.length > 0) return;
    if (this.publisher.hasListeners()) return this.#consume();
    // The poller logs a warning of its own.
    if (isFirst && this.#poller === undefined) {
      this.#logger.warn(
        'No listener for oursms.dlr: pushed reports are kept until there is one; add a method with @OnDlr()',
      );
    }
    setTimeout(() => this.#consumeWithListener(false), CHECK_LISTENERS_MS).unref();
  }

  #consume(): void {
    const { publisher, matching, telemetry, options } = this;
    const [dispatcher, reader, gaps] = [this.#dispatcher, this.#reader, this.#gaps];
    const pages = new PageHandler(
      publisher,
      dispatcher,
      this.pages,
      this.retries,
      reader,
      gaps,
      matching,
      telemetry,
      options,
    );
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
    return Math.max(PAGES_AT_ONCE, Math.min(PUSHES_PER_REPORT * concurrency, MAX_PUSHES_AT_ONCE));
  }

  /** Reports in memory cannot wait for the next start: they get the time that running listeners get. */
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
