import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import type { CaughtPage, DlrDownload } from '../gateway/call-result.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import { readDlrs } from '../gateway/read-dlrs.js';
import type { DurableQueue, NewJob, QueueEngine } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { describeUnreadable } from './describe-unreadable.js';
import type { DlrGaps, Intent } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { PageReader } from './page-reader.js';
import type { StoredPage } from './stored-jobs.js';

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 15_000;
/** An answer up to this length is parsed before it is stored: it may be empty or an error. Characters of text, and of base64. */
const SHORT_TEXT = 1_024;
const SHORT_BASE64 = 256;
/** Downloads that may start before the caller asks for them. */
const MAX_AHEAD = 2;

/** Checks that decide whether a download may start. */
export interface DownloadConditions {
  /** Called right before the request leaves. */
  mayStart: () => boolean;
  /** Whether the next download may start at once, if this one is full. Called when this one is durable. */
  mayFollow: () => boolean;
  /** Whether there is room for the next download, too. */
  hasRoomForNext: () => Promise<boolean>;
}

/** Options of {@link DlrDownloads}. */
interface DownloadOptions {
  /** Reports that a download asks for. */
  count: number;
  /** Bytes that a download may bring. */
  maxResponseBytes: number;
}

/**
 * Downloads reports from the gateway. An answer is durable before it is parsed, unless it is too short for more than a few reports.
 *
 * After a full download the next one starts at once: the write that adds its page also notes the next download, whose request
 * leaves when that write is durable. So each download waits for the disk once, and its note covers no more than its request.
 */
export class DlrDownloads {
  readonly #logger = new Logger('OurSmsDlrInbox');
  /** Results of downloads that started ahead, until {@link next} returns them. */
  readonly #ahead: Promise<number | undefined>[] = [];
  #settling: Promise<void> | undefined;

  /** @param stopping Aborted when the application stops: a page that the store refuses is given up after one more attempt. */
  constructor(
    private readonly engine: QueueEngine,
    private readonly gateway: GatewayClient,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly reader: PageReader,
    private readonly gaps: DlrGaps,
    private readonly publisher: DlrPublisher,
    private readonly telemetry: Telemetry,
    private readonly stopping: AbortSignal,
    private readonly options: DownloadOptions,
  ) {}

  /** Whether the next download has started already. */
  get isAhead(): boolean {
    return this.#ahead.length > 0;
  }

  /**
   * Makes a download. Resolves, once it is durable, to the number of its reports; to undefined when it cannot be parsed.
   *
   * @throws {OurSmsError} when it failed, or could not be stored
   */
  async next(conditions: DownloadConditions): Promise<number | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead) return ahead;
    await this.#checkRoom(1);
    return this.#take(await this.gaps.intend(this.options.count), conditions);
  }

  /** Starts no more downloads ahead. Resolves when none is in flight. */
  async settled(): Promise<void> {
    this.#settling ??= Promise.allSettled(this.#ahead.splice(0)).then(() => (this.#settling = undefined));
    await this.#settling;
  }

  async #take(intent: Intent, conditions: DownloadConditions): Promise<number | undefined> {
    const span = this.telemetry.startReceive('poll');
    try {
      const reports = await this.#download(intent, conditions);
      span.end(reports);
      return reports;
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  async #download(intent: Intent, conditions: DownloadConditions): Promise<number | undefined> {
    const { count } = this.options;
    const next = this.#prepareNext(conditions);
    const { pages, error } = await this.gateway
      .downloadDlrs(count, { mayStart: conditions.mayStart })
      .catch(nothingCame);
    if (pages.length === 0) return this.#fail(error, intent);
    if (error === undefined && (await this.#holdsNothing(pages, intent))) {
      // Most polls bring no reports: there is nothing to store.
      await this.#forget(intent);
      return 0;
    }
    const follows = error === undefined && isFull(pages, count) && this.#mayFollow(conditions);
    const noted = await this.#store(pages, intent, follows ? next.intent : undefined);
    if (noted) await this.#follow(noted, conditions);
    if (error !== undefined) throw error;
    return this.#count(pages, intent);
  }

  /** Prepares the next download while this one is in flight. @returns Its `intent` is set once it is prepared, if there is room. */
  #prepareNext({ hasRoomForNext }: DownloadConditions): { intent?: Intent } {
    const next: { intent?: Intent } = {};
    const prepare = async (): Promise<void> => {
      const [hasRoom] = await Promise.all([hasRoomForNext(), this.#checkRoom(2)]);
      if (hasRoom) next.intent = await this.gaps.prepare(this.options.count);
    };
    // If this fails, the next download is noted by a write of its own.
    prepare().catch(() => undefined);
    return next;
  }

  /** Starts a download that was noted by the write of the previous page. */
  async #follow(intent: Intent, conditions: DownloadConditions): Promise<void> {
    if (!this.#mayFollow(conditions)) return this.#forget(intent);
    const reports = this.#take(intent, conditions);
    // A later call of next() rejects with this error.
    reports.catch(() => undefined);
    this.#ahead.push(reports);
  }

  #mayFollow({ mayFollow }: DownloadConditions): boolean {
    return this.#settling === undefined && this.#ahead.length < MAX_AHEAD && mayFollow();
  }

  /** @throws {OurSmsStorageError} unless there is room for this many downloads */
  #checkRoom(downloads: number): Promise<void> {
    // A page holds text or base64, and LevelDB holds it twice while it moves the page from its log.
    return this.engine.checkRoom(3 * downloads * this.options.maxResponseBytes);
  }

  /** Ends a download that brought nothing that could hold reports. */
  async #fail(error: unknown, intent: Intent): Promise<never> {
    const mayBeSent = !(error instanceof OurSmsError && error.outcome === 'notSent');
    const why = error instanceof OurSmsError ? error.message : 'the download failed';
    if (mayBeSent) await this.gaps.missed(intent, why);
    await this.#forget(intent);
    throw error;
  }

  /** Deletes the note of a download. Through the queue, since a write of a page that is not finished may still add the note. */
  #forget({ note }: Intent): Promise<void> {
    return this.pages.add([], [{ name: note }]);
  }

  /** Whether an answer holds no reports. A long answer is not parsed before it is durable. */
  async #holdsNothing(pages: readonly CaughtPage[], intent: Intent): Promise<boolean> {
    const [{ page }, ...others] = pages as [CaughtPage];
    const isShort = page.text.length <= (page.encoding === undefined ? SHORT_TEXT : SHORT_BASE64);
    if (others.length > 0 || !isShort) return false;
    const reading = await readDlrs(page, this.options.maxResponseBytes);
    const refusal = this.gateway.refusalIn(page, reading);
    if (refusal !== undefined) return this.#fail(refusal, intent);
    return reading.ok && reading.dlrs.length === 0;
  }

  /**
   * Number of reports in the pages; undefined when one page cannot be parsed.
   *
   * @throws {OurSmsGatewayError} when a page is an error of the gateway in place of reports
   */
  async #count(pages: readonly CaughtPage[], { id }: Intent): Promise<number | undefined> {
    let reports = 0;
    for (const [index, { page }] of pages.entries()) {
      const reading = await this.reader.read(jobName(id, index), page);
      const refusal = this.gateway.refusalIn(page, reading);
      if (refusal !== undefined) throw refusal;
      reports += reading.ok ? reading.dlrs.length : NaN;
    }
    return Number.isNaN(reports) ? undefined : reports;
  }

  /**
   * Retries until the store accepts the pages, since the gateway has deleted them.
   *
   * @param next The download that follows at once.
   * @returns `next`, if the same write noted it.
   */
  async #store(
    pages: readonly CaughtPage[],
    { id, note, at, asked }: Intent,
    next: Intent | undefined,
  ): Promise<Intent | undefined> {
    let following = next && { ...next, at: new Date().toISOString() };
    let jobs: NewJob<StoredPage>[] = pages.map(({ page, broken }, index) => ({
      id: jobName(id, index),
      data: { ...page, broken, at, asked },
      isNew: true,
    }));
    const withoutNext = next ? [{ name: next.note }] : [];
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)) {
      const last = this.stopping.aborted;
      try {
        await this.pages.add(jobs, [{ name: note }, ...(following ? [this.gaps.noteOf(following)] : withoutNext)]);
        return following;
      } catch (error) {
        // The failed write may have noted the next download: the retry deletes that note. It may have added the jobs, too.
        following = undefined;
        jobs = jobs.map((job) => ({ ...job, isNew: false }));
        if (last) return this.#surrender(jobs, error);
        if (delayMs === FIRST_RETRY_MS) {
          this.#logger.error(
            'A download of delivery reports is held in memory until the store accepts it: do not stop this process',
          );
        }
      }
      await wait(delayMs, undefined, { signal: this.stopping }).catch(() => undefined);
    }
  }

  /** The process ends while the store is unavailable: a listener may still save the page. The next start announces the gap. */
  async #surrender(jobs: readonly { id: string; data: StoredPage }[], error: unknown): Promise<never> {
    const why = 'the store did not accept it before the process ended';
    for (const { id, data } of jobs) {
      const heard = await this.publisher.unreadable(describeUnreadable(id, data, why));
      const fate = heard
        ? 'its text was passed to the listeners of oursms.dlr.unreadable'
        : 'oursms.dlr.unreadable has no listener, so it is lost';
      this.#logger.error(`A download of delivery reports (account ${data.account}) could not be kept: ${fate}`);
    }
    throw error;
  }
}

/** Name of the job of a page. */
const jobName = (download: string, index: number): string => (index === 0 ? download : `${download}.${index}`);

/** Whether an answer seems to hold `count` reports. Judged by its text, since it is not parsed before it is durable. */
function isFull(pages: readonly CaughtPage[], count: number): boolean {
  const [{ page }, ...others] = pages as [CaughtPage];
  if (others.length > 0 || page.encoding !== undefined) return false;
  const rowEnds = /\}\s*,\s*\{/g;
  let rows = page.text.includes('{') ? 1 : 0;
  while (rows < count && rowEnds.test(page.text)) rows += 1;
  return rows >= count;
}

const nothingCame = (error: unknown): DlrDownload => ({ pages: [], error: error as OurSmsError });
