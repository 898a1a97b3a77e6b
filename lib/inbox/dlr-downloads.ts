import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';
import type { GatewayClient } from '../gateway/gateway-client.js';
import type { DlrDownload, DlrPage } from '../gateway/read-dlrs.js';
import type { DurableQueue, QueueEngine } from '../queue/durable-queue.js';
import type { DlrGaps, Intent } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { KeptPage } from './kept-jobs.js';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 15_000;

/** What downloads are made with. */
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
}

/** Takes reports from the gateway. What comes is durable before anything reads it. */
export class DlrDownloads {
  readonly #logger = new Logger('OurSmsDlrInbox');
  readonly #stopping = new AbortController();

  constructor(private readonly parts: DlrDownloadsParts) {}

  /**
   * Makes a download. Resolves, once it is durable, to how many reports it brought; to undefined when it cannot be read.
   *
   * @param mayStart Asked when the request is about to leave.
   * @throws {OurSmsError} when it failed, or could not be kept
   */
  async next(mayStart: () => boolean): Promise<number | undefined> {
    const { engine, gaps, gateway, count, maxResponseBytes } = this.parts;
    // Twice: as text in the page, and once more while LevelDB moves it from its log.
    await engine.checkRoom(2 * maxResponseBytes);
    const intent = await gaps.intend(count);
    let download: DlrDownload;
    try {
      download = await gateway.downloadDlrs(count, { mayStart });
    } catch (error) {
      await this.#keepWhatCame(error, intent);
      throw error;
    }
    const { page, reports } = download;
    // What most polls bring: nothing to keep.
    if (reports === 0) await gaps.forget(intent);
    else await this.#keep(page, intent);
    return reports;
  }

  /** A page that the store does not take is given up when one more try has failed. */
  stop(): void {
    this.#stopping.abort();
  }

  async #keepWhatCame(error: unknown, intent: Intent): Promise<void> {
    const { gaps, gateway } = this.parts;
    if (error instanceof OurSmsError && error.outcome === 'notSent') return gaps.forget(intent);
    const broken = error instanceof OurSmsError ? error.message : 'the download failed';
    const came = error instanceof OurSmsResponseError || error instanceof OurSmsTimeoutError ? error : undefined;
    const text = came?.rawBody() ?? '';
    if (text === '') return gaps.missed(intent, broken);
    const httpStatus = came instanceof OurSmsResponseError ? came.httpStatus : 200;
    const receivedAt = new Date().toISOString();
    await this.#keep({ account: gateway.accountName, receivedAt, httpStatus, text, broken }, intent);
  }

  /** The gateway has deleted it, so it is held until the store takes it. */
  async #keep(page: DlrPage & Pick<KeptPage, 'broken'>, { id, note, at, asked }: Intent): Promise<void> {
    const data: KeptPage = { ...page, at, asked };
    for (let delayMs = FIRST_RETRY_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_RETRY_MS)) {
      const last = this.#stopping.signal.aborted;
      try {
        return await this.parts.pages.add([{ id, data }], [{ name: note }]);
      } catch (error) {
        if (last) return this.#surrender(id, page, error);
        if (delayMs === FIRST_RETRY_MS) {
          this.#logger.error(
            'A download of delivery reports is held in memory until the store takes it: do not end this process',
          );
        }
      }
      await wait(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** The process ends and the store is away: whoever listens may still save it. The next start announces the gap. */
  async #surrender(id: string, { account, receivedAt, text }: DlrPage, error: unknown): Promise<never> {
    const why = 'the store did not take it before the process ended';
    const heard = await this.parts.publisher.unreadable({ id, account, receivedAt, why, salvaged: 0, raw: text });
    const fate = heard
      ? 'its text went to oursms.dlr.unreadable'
      : 'nobody listens to oursms.dlr.unreadable, so it is lost';
    this.#logger.error(`A download of delivery reports (account ${account}) could not be kept: ${fate}`);
    throw error;
  }
}
