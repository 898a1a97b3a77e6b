import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import type { CaughtPage, DlrDownload } from '../gateway/exchanged.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { DurableQueue, QueueEngine } from '../queue/durable-queue.js';
import { describeUnreadable } from './describe-unreadable.js';
import type { DlrGaps, Intent } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { KeptPage } from './kept-jobs.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;
/** Characters of an answer that may say that there are no reports, or why: in plain text, and in base64. */
const SHORT_TEXT = 1_024;
const SHORT_BYTES = 256;

/** Dependencies of {@link DlrDownloads}. */
export interface DlrDownloadsParts {
  engine: QueueEngine;
  gateway: GatewayClient;
  pages: DurableQueue<KeptPage>;
  gaps: DlrGaps;
  publisher: DlrPublisher;
  /** Reports that a download asks for. */
  count: number;
  /** Bytes that a download may bring. */
  maxResponseBytes: number;
  /** Aborted when the application stops: a page that the store does not take is given up when one more try has failed. */
  stopping: AbortSignal;
}

/** Takes reports from the gateway. What comes is durable before anything reads it. */
export class DlrDownloads {
  readonly #logger = new Logger('OurSmsDlrInbox');

  constructor(private readonly parts: DlrDownloadsParts) {}

  /**
   * Makes a download. Resolves, once it is durable, to how many reports it brought; to undefined when it cannot be read.
   *
   * @param mayStart Asked when the request is about to leave.
   * @throws {OurSmsError} when it failed, or could not be kept
   */
  async next(mayStart: () => boolean): Promise<number | undefined> {
    const { engine, gaps, gateway, count, maxResponseBytes } = this.parts;
    // As text or in base64 in the page, and once more while LevelDB moves it from its log.
    await engine.checkRoom(3 * maxResponseBytes);
    const intent = await gaps.intend(count);
    const { pages, error } = await gateway.downloadDlrs(count, { mayStart }).catch(nothingCame);
    if (pages.length === 0) return this.#failed(error, intent);
    if (error === undefined && (await this.#holdsNothing(pages, intent))) {
      // What most polls bring: nothing to keep.
      await gaps.forget(intent);
      return 0;
    }
    await this.#keep(pages, intent);
    if (error !== undefined) throw error;
    return this.#count(pages);
  }

  /** Nothing came that could hold reports. */
  async #failed(error: unknown, intent: Intent): Promise<never> {
    const { gaps } = this.parts;
    if (error instanceof OurSmsError && error.outcome === 'notSent') await gaps.forget(intent);
    else await gaps.missed(intent, error instanceof OurSmsError ? error.message : 'the download failed');
    throw error;
  }

  /** Whether an answer says that there are no reports. One that is too long for that is not looked at before it is durable. */
  async #holdsNothing(pages: readonly CaughtPage[], intent: Intent): Promise<boolean> {
    const [{ page }, ...others] = pages as [CaughtPage];
    const isShort = page.text.length <= (page.encoding === undefined ? SHORT_TEXT : SHORT_BYTES);
    if (others.length > 0 || !isShort) return false;
    try {
      return (await this.parts.gateway.countDlrs(page)) === 0;
    } catch (error) {
      return this.#failed(error, intent);
    }
  }

  /** How many reports these pages hold; undefined when one of them cannot be read. */
  async #count(pages: readonly CaughtPage[]): Promise<number | undefined> {
    let reports = 0;
    for (const { page } of pages) reports += (await this.parts.gateway.countDlrs(page)) ?? NaN;
    return Number.isNaN(reports) ? undefined : reports;
  }

  /** The gateway has deleted them, so they are held until the store takes them. */
  async #keep(pages: readonly CaughtPage[], { id, note, at, asked }: Intent): Promise<void> {
    const jobs = pages.map(({ page, broken }, index) => ({
      id: index === 0 ? id : `${id}.${index}`,
      data: { ...page, broken, at, asked },
    }));
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      const last = this.parts.stopping.aborted;
      try {
        return await this.parts.pages.add(jobs, [{ name: note }]);
      } catch (error) {
        if (last) return this.#surrender(jobs, error);
        if (delayMs === FIRST_RETRY_MS) {
          this.#logger.error(
            'A download of delivery reports is held in memory until the store accepts it: do not stop this process',
          );
        }
      }
      await wait(delayMs, undefined, { signal: this.parts.stopping }).catch(() => undefined);
    }
  }

  /** The process ends and the store is away: a listener may still save the page. The next start announces the gap. */
  async #surrender(jobs: readonly { id: string; data: KeptPage }[], error: unknown): Promise<never> {
    const why = 'the store did not accept it before the process ended';
    for (const { id, data } of jobs) {
      const heard = await this.parts.publisher.unreadable(describeUnreadable(id, data, why));
      const fate = heard
        ? 'its text was passed to the listeners of oursms.dlr.unreadable'
        : 'oursms.dlr.unreadable has no listener, so it is lost';
      this.#logger.error(`A download of delivery reports (account ${data.account}) could not be kept: ${fate}`);
    }
    throw error;
  }
}

const nothingCame = (error: unknown): DlrDownload => ({ pages: [], error: error as OurSmsError });
