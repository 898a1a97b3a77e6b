import type { DlrInboxStats, DlrPoll, FailedDlr } from './dlr-inbox-stats.js';
import type { UnreadableDlrs } from './dlr-events.js';
import type { RunningInbox } from './running-inbox.js';

/**
 * An account's delivery reports between the gateway and their listeners: what waits, what failed, and what to do about it.
 * There is one for each account with `dlr.poll` in its options.
 *
 * Its methods reject with an `OurSmsStorageError` when the store cannot be read or written.
 */
export class DlrInbox {
  /** @param running Throws when the account has no poller. @internal */
  constructor(private readonly running: () => RunningInbox) {}

  /** Its contents, and the result of the last poll. */
  async stats(): Promise<DlrInboxStats> {
    return this.running().stats();
  }

  /**
   * Polls now, or as soon as a poll that is running has ended.
   *
   * @returns Its result; a failure is in its `why`. The reports are durable then, and not yet handled.
   */
  async pollNow(): Promise<DlrPoll> {
    return this.running().pollNow();
  }

  /**
   * Downloads and delivers nothing until {@link resume}. Downloaded reports are kept. Where several instances share
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
   * The downloads that could not be read, oldest first, with what came: `raw` is its text, decompressed and read in its charset,
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
