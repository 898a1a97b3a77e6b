import { bytesOfBody } from '../gateway/bytes-of-body.js';
import type { UnreadableDlrs } from './dlr-events.js';
import type { DlrInboxStats, DlrPoll, FailedDlr } from './dlr-inbox-stats.js';
import type { RunningInbox } from './running-inbox.js';

/**
 * An account's delivery reports between the gateway and their listeners: what waits, what failed, and what to do about it.
 * There is one for each account with `dlr.poll` or `dlr.webhook` in its options.
 *
 * Its methods reject with an `OurSmsStorageError` when the store cannot be read or written.
 */
export class DlrInbox {
  /** @param running Throws when the account neither polls nor has a webhook. @internal */
  constructor(private readonly running: () => RunningInbox) {}

  /** Its contents, and the result of the last poll. */
  async stats(): Promise<DlrInboxStats> {
    return this.running().stats();
  }

  /**
   * Takes reports that the gateway pushed to a controller of your own: check its secret first, and answer with 200 once this has
   * resolved. Whatever it is, it is kept as it came; the listeners get its reports later, as those of a download.
   *
   * @param body Text, bytes, or what a body parser made of it. Give the text or the bytes where you have them: of a parsed body,
   * ids of more than 15 digits may be rounded.
   * @throws {OurSmsStorageError} when it cannot be kept: answer with 503, so that the gateway repeats it
   */
  async accept(body: unknown): Promise<void> {
    const inbox = this.running();
    const bytes = bytesOfBody(body);
    if (bytes.length > 0) await inbox.accept({ bytes });
  }

  /**
   * Polls now, or as soon as a poll that is running has ended. Without `dlr.poll` it does nothing.
   *
   * @returns Its result; a failure is in its `why`. The reports are durable then, and not yet handled.
   */
  async pollNow(): Promise<DlrPoll> {
    return this.running().pollNow();
  }

  /**
   * Downloads and delivers nothing until {@link resume}. Downloaded reports are kept, and so are pushed ones, which still come. Where several instances share
   * the store, only this one pauses: the others continue.
   *
   * Resolves when no download is running and no report is with its listener.
   */
  async pause(): Promise<void> {
    return this.running().pause();
  }

  /** Goes on, with a poll at once. */
  async resume(): Promise<void> {
    await this.running().resume();
  }

  /** The reports that were given up, oldest first, read as they are asked for. */
  failed(): AsyncIterable<FailedDlr> {
    return this.running().failed();
  }

  /**
   * Offers a report that was given up again, as often as a new one.
   *
   * @param id Its `Dlr.id`.
   * @returns Whether there was one.
   */
  async retry(id: string): Promise<boolean> {
    return this.running().retries.retry(id);
  }

  /** Offers all reports again that were given up. @returns How many there were. */
  async retryAll(): Promise<number> {
    return this.running().retries.retryAll();
  }

  /**
   * Forgets a report that was given up, or a download that could not be read.
   *
   * @param id The `Dlr.id` of the report, or the `id` of the download.
   * @returns Whether there was one.
   */
  async remove(id: string): Promise<boolean> {
    const { retries, pages } = this.running();
    return (await retries.remove(id)) || (await pages.remove(id));
  }

  /**
   * The downloads and pushes that could not be read, oldest first, with what came: `raw` is its text, decompressed and read in its charset,
   * or its bytes in base64 when `rawEncoding` says so.
   */
  unreadable(): AsyncIterable<UnreadableDlrs> {
    return this.running().unreadable();
  }

  /**
   * Reads the downloads again that could not be read, after an upgrade for example; what was salvaged from them is not
   * published twice.
   *
   * @returns How many there were.
   */
  async rereadUnreadable(): Promise<number> {
    return this.running().pages.retryAll();
  }
}
