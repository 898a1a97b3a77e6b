import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import type { CaughtPage, DlrDownload } from '../gateway/exchanged.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { DurableQueue, QueueEngine } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { describeUnreadable } from './describe-unreadable.js';
import type { DlrGaps, Intent } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { StoredPage } from './stored-jobs.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** Characters of an answer that may say that there are no reports, or why: in plain text, and in base64. */
const SHORT_TEXT = 1_024;
const SHORT_BYTES = 256;
/** Downloads that are made before the caller asks for them. */
const MOST_AHEAD = 2;

/** Conditions of a download. */
export interface DownloadConditions {
  /** Asked when the request is about to leave. */
  mayStart: () => boolean;
  /** Whether the next download may be made at once, if this one is full. Asked when this one is durable. */
  mayFollow: () => boolean;
  /** Whether there is room for the next download as well. */
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
 * Takes reports from the gateway. What comes is durable before anything reads it.
 *
 * A full download is followed by the next one at once: the write that adds its page also notes the next download, whose request
 * leaves when that write is durable. So the disk is waited for once a download, and what the note covers stays as short as the
 * request itself.
 */
export class DlrDownloads {
  readonly #logger = new Logger('OurSmsDlrInbox');
  /** Results of the downloads that follow full ones, until {@link next} returns them. */
  readonly #ahead: Promise<number | undefined>[] = [];
  #settling: Promise<void> | undefined;

  /** @param stopping Aborted when the application stops: a page that the store refuses is given up after one more attempt. */
  constructor(
    private readonly engine: QueueEngine,
    private readonly gateway: GatewayClient,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly gaps: DlrGaps,
    private readonly publisher: DlrPublisher,
    private readonly telemetry: Telemetry,
    private readonly stopping: AbortSignal,
    private readonly options: DownloadOptions,
  ) {}

  /** Whether the next download is under way already. */
  get isAhead(): boolean {
    return this.#ahead.length > 0;
  }

  /**
   * Makes a download. Resolves, once it is durable, to how many reports it brought; to undefined when it cannot be read.
   *
   * @throws {OurSmsError} when it failed, or could not be kept
   */
  async next(conditions: DownloadConditions): Promise<number | undefined> {
    const ahead = this.#ahead.shift();
    if (ahead) return ahead;
    await this.#checkRoom(1);
    return this.#take(await this.gaps.intend(this.options.count), conditions);
  }

  /** Makes no more downloads ahead. Resolves when none is under way. */
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
    if (pages.length === 0) return this.#failed(error, intent);
    if (error === undefined && (await this.#holdsNothing(pages, intent))) {
      // What most polls bring: nothing to keep.
      await this.#forget(intent);
      return 0;
    }
    const follows = error === undefined && isFull(pages, count) && this.#mayFollow(conditions);
    const noted = await this.#keep(pages, intent, follows ? next.intent : undefined);
    if (noted) await this.#follow(noted, conditions);
    if (error !== undefined) throw error;
    return this.#count(pages);
  }

  /** Prepares the next download while this one is under way. @returns It, once it is prepared, if there is room for it. */
  #prepareNext({ hasRoomForNext }: DownloadConditions): { intent?: Intent } {
    const next: { intent?: Intent } = {};
    const prepare = async (): Promise<void> => {
      if (!(await hasRoomForNext())) return;
      await this.#checkRoom(2);
      next.intent = await this.gaps.prepare(this.options.count);
    };
    // Without it the next download is noted by a write of its own.
    prepare().catch(() => undefined);
    return next;
  }

  /** Makes a download that was noted with the one before. */
  async #follow(intent: Intent, conditions: DownloadConditions): Promise<void> {
    if (!this.#mayFollow(conditions)) return this.#forget(intent);
    const reports = this.#take(intent, conditions);
    // The next caller gets the error.
    reports.catch(() => undefined);
    this.#ahead.push(reports);
  }

  #mayFollow({ mayFollow }: DownloadConditions): boolean {
    return this.#settling === undefined && this.#ahead.length < MOST_AHEAD && mayFollow();
  }

  /** @throws {OurSmsStorageError} unless so many downloads can be kept */
  #checkRoom(downloads: number): Promise<void> {
    // As text or in base64 in the page, and once more while LevelDB moves it from its log.
    return this.engine.checkRoom(3 * downloads * this.options.maxResponseBytes);
  }

  /** Nothing came that could hold reports. */
  async #failed(error: unknown, intent: Intent): Promise<never> {
    const isSent = !(error instanceof OurSmsError && error.outcome === 'notSent');
    const why = error instanceof OurSmsError ? error.message : 'the download failed';
    if (isSent) await this.gaps.missed(intent, why);
    await this.#forget(intent);
    throw error;
  }

  /** There is nothing to miss any more. Through the queue: the note may be on its way there with a page. */
  #forget({ note }: Intent): Promise<void> {
    return this.pages.add([], [{ name: note }]);
  }

  /** Whether an answer says that there are no reports. One that is too long for that is not looked at before it is durable. */
  async #holdsNothing(pages: readonly CaughtPage[], intent: Intent): Promise<boolean> {
    const [{ page }, ...others] = pages as [CaughtPage];
    const isShort = page.text.length <= (page.encoding === undefined ? SHORT_TEXT : SHORT_BYTES);
    if (others.length > 0 || !isShort) return false;
    try {
      return (await this.gateway.countDlrs(page)) === 0;
    } catch (error) {
      return this.#failed(error, intent);
    }
  }

  /** How many reports these pages hold; undefined when one of them cannot be read. */
  async #count(pages: readonly CaughtPage[]): Promise<number | undefined> {
    let reports = 0;
    for (const { page } of pages) reports += (await this.gateway.countDlrs(page)) ?? NaN;
    return Number.isNaN(reports) ? undefined : reports;
  }

  /**
   * The gateway has deleted them, so they are held until the store takes them.
   *
   * @param next The download that follows at once.
   * @returns It, if it was noted by the same write.
   */
  async #keep(
    pages: readonly CaughtPage[],
    { id, note, at, asked }: Intent,
    next: Intent | undefined,
  ): Promise<Intent | undefined> {
    let following = next && { ...next, at: new Date().toISOString() };
    const jobs = pages.map(({ page, broken }, index) => ({
      id: index === 0 ? id : `${id}.${index}`,
      data: { ...page, broken, at, asked },
    }));
    const unnoted = next ? [{ name: next.note }] : [];
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      const last = this.stopping.aborted;
      try {
        await this.pages.add(jobs, [{ name: note }, ...(following ? [this.gaps.noteOf(following)] : unnoted)]);
        return following;
      } catch (error) {
        // It comes later: a write that failed may have noted it all the same.
        following = undefined;
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

  /** The process ends and the store is away: a listener may still save the page. The next start announces the gap. */
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

/** Whether an answer seems to hold as many reports as were asked for, by its text: it is not read before it is durable. */
function isFull(pages: readonly CaughtPage[], count: number): boolean {
  const [{ page }, ...others] = pages as [CaughtPage];
  if (others.length > 0 || page.encoding !== undefined) return false;
  const rowEnds = /\}\s*,\s*\{/g;
  let rows = page.text.includes('{') ? 1 : 0;
  while (rows < count && rowEnds.test(page.text)) rows += 1;
  return rows >= count;
}

const nothingCame = (error: unknown): DlrDownload => ({ pages: [], error: error as OurSmsError });
