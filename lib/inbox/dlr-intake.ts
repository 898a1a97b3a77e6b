import { setTimeout as wait } from 'node:timers/promises';
import type { DurableQueue, Lease, QueueEngine } from '../queue/durable-queue.js';
import type { DlrDownloads, DownloadConditions } from './dlr-downloads.js';
import type { DlrGaps } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { InboxState } from './inbox-state.js';
import type { StoredDlr, StoredPage } from './stored-jobs.js';

/** No download starts while this many pages are not handled. */
const MAX_PAGES = 8;
/** No download starts while this many reports wait for redelivery. */
const MAX_RETRIES = 1_000;
/** Interval of the check whether other processes have handled pages. */
const CHECK_ROOM_MS = 100;
/** Reason of the abort that ends a wait: without one, each abort would make an error with a stack. */
const HAS_ROOM = 'there is room';

/** Downloads reports while there is a listener and room for them: until then they stay at the gateway. */
export class DlrIntake {
  /** Aborted to end the wait for room. */
  #room = new AbortController();
  /** When to search for interrupted downloads next (`performance.now()`). */
  #nextSearchAt = 0;

  constructor(
    private readonly engine: QueueEngine,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly retries: DurableQueue<StoredDlr>,
    private readonly gaps: DlrGaps,
    private readonly downloads: DlrDownloads,
    private readonly publisher: DlrPublisher,
    private readonly state: InboxState,
  ) {
    state.stopping.addEventListener('abort', () => this.noteRoom(), { once: true });
  }

  /** Reason not to download now; undefined when there is none. */
  async obstacle(): Promise<string | undefined> {
    if (this.publisher.hasListeners()) return this.#whyFull();
    return 'no listener for oursms.dlr in this process; add a method with @OnDlr()';
  }

  /** Resolves when no download is in flight. Called while no poll runs. */
  settled(): Promise<void> {
    return this.downloads.settled();
  }

  /**
   * Downloads once there is room.
   *
   * @param lease Lock of the poller: no download starts once it is lost.
   * @returns Number of reports, once they are durable; undefined when the answer cannot be parsed.
   * @throws {OurSmsError} when the download failed, or could not be stored
   */
  async download(lease: Lease): Promise<number | undefined> {
    const { pages, downloads, state, publisher } = this;
    const conditions: DownloadConditions = {
      mayStart: () => lease.isValid(),
      mayFollow: () => state.whyIdle === undefined && lease.isValid() && publisher.hasListeners(),
      hasRoomForNext: async () => (await this.#whyFull()) === undefined && pages.hasFewerThan(MAX_PAGES - 1),
    };
    await this.#announceInterrupted();
    while (state.whyIdle === undefined && lease.isValid()) {
      const { signal } = this.#room;
      if (downloads.isAhead || (await pages.hasFewerThan(MAX_PAGES))) return downloads.next(conditions);
      await wait(CHECK_ROOM_MS, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  }

  /** Ends the wait for room: a page was handled, or the inbox pauses or stops. */
  noteRoom(): void {
    this.#room.abort(HAS_ROOM);
    this.#room = new AbortController();
  }

  async #whyFull(): Promise<string | undefined> {
    const hasRoom = await this.retries.hasFewerThan(MAX_RETRIES);
    return hasRoom ? undefined : `${MAX_RETRIES} or more reports wait for a failing listener`;
  }

  async #announceInterrupted(): Promise<void> {
    const now = performance.now();
    if (now < this.#nextSearchAt) return;
    await this.gaps.announceInterrupted();
    this.#nextSearchAt = now + this.engine.followEveryMs;
  }
}
