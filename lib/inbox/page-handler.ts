import { Logger } from '@nestjs/common';
import type { Dlr } from '../dto/dlr.js';
import type { DlrReading } from '../gateway/read-dlrs.js';
import type { DurableQueue, Job, NewJob, JobOutcome } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { describeUnreadable } from './describe-unreadable.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrGaps } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import { pushesOf, pushJob, readPage } from './grouped-pushes.js';
import type { PageReader } from './page-reader.js';
import type { StoredDlr, StoredPage } from './stored-jobs.js';
import type { ReportDispatcher } from './report-dispatcher.js';
import type { ReportMatching } from './report-matching.js';
import { ENDED, retryDelayMs, type RedeliveryOptions } from './retry-handler.js';

/** A page that ends its process more often than this stays unread: its reports are jobs of their own, so they are not the cause. */
const MAX_INTERRUPTIONS = 10;

/** Options of {@link PageHandler}. */
export interface PageOptions extends RedeliveryOptions {
  /** Largest size of a decompressed page, in bytes. */
  maxResponseBytes: number;
}

/**
 * Parses a durable page and delivers its reports. A report whose listener fails becomes a job of its own; an unreadable page
 * stays in the store unchanged.
 */
export class PageHandler {
  readonly #logger = new Logger('OurSmsDlrInbox');
  #leftReports = 0;
  #leftPages = 0;

  constructor(
    private readonly publisher: DlrPublisher,
    private readonly dispatcher: ReportDispatcher,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly retries: DurableQueue<StoredDlr>,
    private readonly reader: PageReader,
    private readonly gaps: DlrGaps,
    private readonly matching: ReportMatching,
    private readonly telemetry: Telemetry,
    private readonly options: PageOptions,
  ) {}

  /** Pages whose handling was stopped since {@link resetLeft}, and the number of their reports that are not handled. */
  get left(): { pages: number; reports: number } {
    return { pages: this.#leftPages, reports: this.#leftReports };
  }

  /** Call before pages are delivered again: they are read from the store once more. */
  resetLeft(): void {
    this.#leftPages = this.#leftReports = 0;
  }

  /** Resolves to the outcome of a page, once all of its reports have ended. */
  async handle(job: Job<StoredPage>): Promise<JobOutcome<StoredPage>> {
    const { id, data: page } = job;
    if (job.interrupted && page.bodies !== undefined) return this.#separate(page);
    if (job.interrupted && job.attempt > MAX_INTERRUPTIONS) return this.#keepUnread(id, page);
    const reading = await this.#read(job);
    if (job.attempt === 1 && page.handled === undefined) {
      this.telemetry.consumed(page.isPush ? 'push' : 'poll', reading.dlrs.length);
    }
    const handled = new Set(page.handled);
    const due = reading.dlrs.filter((dlr) => !handled.has(dlr.id));
    const notes = this.matching.isOn ? await this.matching.match(due) : undefined;
    const settled = (outcome: JobOutcome<StoredPage>): JobOutcome<StoredPage> =>
      notes ? { ...outcome, notes: notes.changes(), notesCanWait: true, written: () => notes.written() } : outcome;
    if (job.interrupted || page.isSuspect) {
      await this.#isolate(`${nameOf(page)} ${id}`, due);
      if (reading.ok) return settled({ kind: 'done' });
      return settled(await this.#keepUnreadable(id, withHandled(page, reading.dlrs), reading));
    }
    const failures: NewJob<StoredDlr>[] = [];
    let stopped = false;
    await this.dispatcher.deliverAll(
      due,
      () => job.isHeld(),
      (dlr, result) => {
        if (result.kind === 'stopped') stopped = true;
        else handled.add(dlr.id);
        if (result.kind === 'failed') failures.push(this.#jobOf(dlr, result.error));
      },
    );
    if (failures.length > 0) await this.retries.add(failures);
    const rest = { ...page, handled: [...handled] };
    if (stopped) {
      this.#leftPages += 1;
      this.#leftReports += reading.dlrs.filter(({ id }) => !handled.has(id)).length;
      return settled({ kind: 'again', inMs: 0, data: rest, uncounted: true });
    }
    // Each unreadable push becomes a job of its own, which announces it.
    if (reading.unread.length > 0) await this.pages.add(reading.unread.map(pushJob));
    return settled(reading.ok ? { kind: 'done' } : await this.#keepUnreadable(id, rest, reading));
  }

  async #read({ id, data: page, attempt }: Job<StoredPage>): Promise<DlrReading & { unread: StoredPage[] }> {
    if (page.isPush || attempt > 1) return readPage(page, this.options.maxResponseBytes);
    // The poll reads it as well.
    return { ...(await this.reader.read(id, page)), unread: [] };
  }

  /** Splits pushes that were written together into jobs of their own: one of them may have ended the process. */
  async #separate(page: StoredPage): Promise<JobOutcome<StoredPage>> {
    await this.pages.add(pushesOf(page).map((push) => pushJob({ ...push, isSuspect: true })));
    return { kind: 'done' };
  }

  /**
   * Makes each report of an interrupted page a job of its own, which is delivered alone: one of the reports may have ended the
   * process. The interruption counts as an attempt of each report.
   */
  async #isolate(what: string, dlrs: readonly Dlr[]): Promise<void> {
    if (dlrs.length === 0) return;
    this.#logger.warn(
      `${dlrs.length} reports of ${what} (account ${dlrs[0]?.account}) are redelivered one by one: their process ended, or was suspended, before all were handled`,
    );
    await this.retries.add(
      dlrs.map((dlr) => ({ id: dlr.id, data: { dlr, reason: ENDED, isSuspect: true }, attempts: 1 })),
    );
  }

  /** Gives up a page that ends the process each time it is parsed or announced. It stays in the store unchanged. */
  #keepUnread(id: string, page: StoredPage): JobOutcome<StoredPage> {
    const reason = `the process ended ${MAX_INTERRUPTIONS} times while handling it`;
    this.#logger.error(
      `The ${nameOf(page)} ${id} of delivery reports (account ${page.account}) is kept unread: ${reason}. DlrInbox.rereadUnreadable() retries it`,
    );
    return { kind: 'failed', reason };
  }

  /** The job of a report whose listener failed. */
  #jobOf(dlr: Dlr, error: unknown): NewJob<StoredDlr> {
    const { maxAttempts } = this.options;
    const reason = describeThrown(error);
    const delayMs = maxAttempts > 1 ? retryDelayMs(this.options.retryDelayMs, 1) : 0;
    const again = maxAttempts > 1 ? `; it is redelivered in ${delayMs} ms` : '';
    this.#logger.warn(
      `A listener failed on delivery report ${dlr.id} (account ${dlr.account}), attempt 1 of ${maxAttempts}: ${reason}${again}`,
    );
    return { id: dlr.id, data: { dlr, reason }, delayMs, attempts: 1 };
  }

  async #keepUnreadable(
    id: string,
    page: StoredPage,
    reading: DlrReading & { ok: false },
  ): Promise<JobOutcome<StoredPage>> {
    const { account } = page;
    const why = page.broken === undefined ? reading.why : `${page.broken}; ${reading.why}`;
    const salvaged = reading.dlrs.length;
    if ((page.broken !== undefined || reading.cut) && !page.gapTold) {
      await this.gaps.announce({ id, account, at: page.at, atMost: Math.max(0, page.asked - salvaged), why });
    }
    this.#logger.error(
      `A ${nameOf(page)} of delivery reports (account ${account}) cannot be read: ${why}. ${salvaged} complete reports were recovered from it; it is kept as ${id}`,
    );
    await this.publisher.unreadable(describeUnreadable(id, page, why, reading));
    return { kind: 'failed', reason: why, data: { ...page, gapTold: true } };
  }
}

const nameOf = ({ isPush = false }: StoredPage): string => (isPush ? 'push' : 'download');

const withHandled = (page: StoredPage, dlrs: readonly Dlr[]): StoredPage => ({
  ...page,
  handled: dlrs.map(({ id }) => id),
});
