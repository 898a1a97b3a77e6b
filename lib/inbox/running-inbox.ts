import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { oneLine } from '../errors/one-line.js';
import type { RawBody } from '../gateway/decode-body.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { readDlrs } from '../gateway/read-dlrs.js';
import type { DurableQueue, JobOutcome, QueueEngine } from '../queue/durable-queue.js';
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
import { ReportDelivery, type ReportDeliveryOptions } from './report-delivery.js';
import { ReportDispatcher } from './report-dispatcher.js';
import type { ReportMatching } from './report-matching.js';
import { shownDlr } from './traced-dlr.js';
import { RetryHandler } from './retry-handler.js';

/** Options of a {@link RunningInbox}. */
export interface InboxOptions extends PageOptions, ReportDeliveryOptions {
  /** Unset: nothing is downloaded, and reports come by {@link RunningInbox.accept} alone. */
  polling?: PollingOptions;
  /** Milliseconds that a download may take. */
  requestTimeoutMs: number;
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
  readonly #pageHandler: PageHandler;
  readonly #delivery: ReportDelivery;
  readonly #gaps: DlrGaps;
  readonly #intake: DlrIntake | undefined;
  readonly #poller: DlrPoller | undefined;
  readonly #pushes: DlrPushes;
  readonly #logger = new Logger('OurSmsDlrInbox');
  #pausing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly engine: QueueEngine,
    gateway: GatewayClient,
    publisher: DlrPublisher,
    matching: ReportMatching,
    telemetry: Telemetry,
    private readonly options: InboxOptions,
  ) {
    const { concurrency, polling, requestTimeoutMs, maxResponseBytes } = options;
    this.#account = gateway.accountName;
    const names = accountPart(this.#account);
    this.pages = engine.queue<StoredPage>(`${names}/pages`, { isPrecious: true });
    this.retries = engine.queue<StoredDlr>(`${names}/reports`);
    this.#dispatcher = new ReportDispatcher(concurrency, (dlr) => publisher.publish(dlr));
    this.#gaps = new DlrGaps(engine, publisher, this.#account, requestTimeoutMs);
    const reader = new PageReader(maxResponseBytes);
    const { pages, retries } = this;
    const [state, dispatcher, gaps] = [this.#state, this.#dispatcher, this.#gaps];
    const pageHandler = new PageHandler(
      publisher,
      dispatcher,
      pages,
      retries,
      reader,
      gaps,
      matching,
      telemetry,
      options,
    );
    const retryHandler = new RetryHandler(publisher, dispatcher, options);
    this.#pageHandler = pageHandler;
    this.#delivery = new ReportDelivery(
      pages,
      retries,
      pageHandler,
      retryHandler,
      publisher,
      state,
      options,
      (id, outcome) => this.#onPage(id, outcome),
    );
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
    // The poller logs a warning of its own when there is no listener.
    this.#delivery.start(this.#poller === undefined);
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
    // Reports may still be with their listeners after a pause that has not finished.
    await Promise.all([this.#delivery.stop(), this.#stopPolling(), this.#pausing]);
    // An unavailable store is logged elsewhere.
    await this.#warnOfRemaining().catch(() => undefined);
  }

  /** Logs the reports in a directory: no other process reaches them, so they wait for a restart of this application. */
  async #warnOfRemaining(): Promise<void> {
    const { path } = this.engine;
    if (path === undefined) return;
    const { pages, reports } = this.#pageHandler.left;
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
    const ended = [this.#stopPolling(), this.#dispatcher.pause(), this.#delivery.stop()];
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
    this.#delivery.start(this.#poller === undefined);
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

  #onPage(id: string, outcome?: JobOutcome<StoredPage>): void {
    // A turn later, when the queue has counted the outcome.
    setImmediate(() => this.#intake?.noteRoom());
    if (outcome !== undefined && outcome.kind !== 'again') this.#pushes.noteHandled(id);
  }

  /** Reports in memory cannot wait for the next start: they get the time that running listeners get. */
  async #drain(): Promise<void> {
    await this.#stopPolling();
    const end = performance.now() + this.options.shutdownTimeoutMs;
    for (;;) {
      const { pages, waiting, handling } = await this.stats();
      if (pages + waiting + handling === 0) return;
      if (performance.now() >= end || !this.#delivery.isRunning)
        return this.#logger.error(
          `${waiting + handling > 0 ? waiting + handling : `${pages} downloads or pushes of`} delivery reports are lost: this process ends before they are handled, and storage is 'memory'`,
        );
      await wait(10);
    }
  }
}
