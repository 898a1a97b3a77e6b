import { bytesOfBody } from '../gateway/bytes-of-body.js';
import type { UnreadableDlrs } from './dlr-events.js';
import type { DlrInboxStats, DlrPoll, FailedDlr } from './dlr-inbox-stats.js';
import type { RunningInbox } from './running-inbox.js';

/**
 * Shows and controls the delivery reports of an account between the gateway and their listeners. Each account with `dlr.poll` or
 * `dlr.webhook` in its options has an inbox.
 *
 * The methods reject with an `OurSmsStorageError` when the store cannot be read or written.
 */
export class DlrInbox {
  /** @param running Throws when the account neither polls nor has a webhook. @internal */
  constructor(private readonly running: () => RunningInbox) {}

  /** Contents of the inbox, and the result of the last poll. */
  async stats(): Promise<DlrInboxStats> {
    return this.running().stats();
  }

  /**
   * Stores reports that the gateway pushed to a controller of your own. Check the secret first, and answer with 200 once this has
   * resolved. The body is stored unchanged, even when it cannot be read; its reports are delivered later, as those of a download.
   *
   * @param body Text, bytes, or the result of a body parser. Prefer the text or the bytes: in a parsed body, ids of more than 15
   * digits may be rounded.
   * @throws {OurSmsStorageError} when the body cannot be stored: answer with 503, so that the gateway repeats the push
   */
  async accept(body: unknown): Promise<void> {
    const inbox = this.running();
    const bytes = bytesOfBody(body);
    if (bytes.length > 0) await inbox.accept({ bytes });
  }

  /**
   * Polls now, or as soon as the running poll has ended. Does nothing without `dlr.poll`.
   *
   * @returns The result, with the reason of a failure in `why`. The reports are durable, but not handled yet.
   */
  async pollNow(): Promise<DlrPoll> {
    return this.running().pollNow();
  }

  /**
   * Stops downloads and deliveries until {@link resume}. Downloaded reports stay in the store, and pushed ones are still stored.
   * Other instances that share the store continue.
   *
   * Resolves when no download is in flight and no report is with its listener.
   */
  async pause(): Promise<void> {
    return this.running().pause();
  }

  /** Resumes downloads and deliveries, with a poll at once. */
  async resume(): Promise<void> {
    await this.running().resume();
  }

  /** Reports that were given up, oldest first, read from the store during the iteration. */
  failed(): AsyncIterable<FailedDlr> {
    return this.running().failed();
  }

  /**
   * Redelivers a report that was given up, with as many attempts as a new one.
   *
   * @param id Its `Dlr.id`.
   * @returns Whether the report was found.
   */
  async retry(id: string): Promise<boolean> {
    return this.running().retries.retry(id);
  }

  /** Redelivers all reports that were given up. @returns How many there were. */
  async retryAll(): Promise<number> {
    return this.running().retries.retryAll();
  }

  /**
   * Removes a report that was given up, or a download or push that could not be read.
   *
   * @param id The `Dlr.id` of the report, or the `id` of the download or push.
   * @returns Whether it was found.
   */
  async remove(id: string): Promise<boolean> {
    const { retries, pages } = this.running();
    return (await retries.remove(id)) || (await pages.remove(id));
  }

  /**
   * Downloads and pushes that could not be read, oldest first. `raw` is the decompressed and decoded text, or the bytes in base64
   * when `rawEncoding` is `'base64'`.
   */
  unreadable(): AsyncIterable<UnreadableDlrs> {
    return this.running().unreadable();
  }

  /**
   * Reads unreadable downloads and pushes again, after an upgrade for example. Reports that were recovered from them are not
   * published twice.
   *
   * @returns How many there were.
   */
  async rereadUnreadable(): Promise<number> {
    return this.running().pages.retryAll();
  }
}
