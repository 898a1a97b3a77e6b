import { setTimeout as wait } from 'node:timers/promises';
import type { DurableQueue, Lease, QueueEngine } from '../queue/durable-queue.js';
import type { DlrDownloads, DownloadConditions } from './dlr-downloads.js';
import type { DlrGaps } from './dlr-gaps.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { InboxState } from './inbox-state.js';
import type { StoredDlr, StoredPage } from './stored-jobs.js';

/** Downloads that are not handled yet, from which on nothing is downloaded. */
const MAX_PAGES = 8;
/** Reports that wait for a failing listener, from which on nothing is downloaded. */
const MAX_RETRIES = 1_000;
/** Between looks at whether other processes have handled downloads. */
const LOOK_FOR_ROOM_MS = 100;

/** Takes reports into the inbox when a listener can handle them and there is room: until then the gateway keeps them. */
export class DlrIntake {
  /** Ends the waits for room. */
  #room = new AbortController();
  /** When it is time to look for downloads that were interrupted (`performance.now()`). */
  #lookAt = 0;

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

  /** Why nothing should be downloaded now; undefined when it should. */
  async obstacle(): Promise<string | undefined> {
    if (this.publisher.hasListeners()) return this.#whyFull();
    return 'no listener for oursms.dlr in this process; add a method with @OnDlr()';
  }

  /** Resolves when no download is under way. Called when no poll is running. */
  settled(): Promise<void> {
    return this.downloads.settled();
  }

  /**
   * Downloads once there is room.
   *
   * @param lease The lock of the poller. Nothing is downloaded without it.
   * @returns How many reports came, once they are durable; undefined when they cannot be read.
   * @throws {OurSmsError} when the download failed, or could not be kept
   */
  async download(lease: Lease): Promise<number | undefined> {
    const { pages, downloads, state, publisher } = this;
    const conditions: DownloadConditions = {
      mayStart: () => lease.isValid(),
      mayFollow: () => state.whyIdle === undefined && lease.isValid() && publisher.hasListeners(),
      hasRoomForNext: async () => (await this.#whyFull()) === undefined && (await pages.pending()) + 1 < MAX_PAGES,
    };
    await this.#announceInterrupted();
    while (state.whyIdle === undefined && lease.isValid()) {
      const { signal } = this.#room;
      if (downloads.isAhead || (await pages.pending()) < MAX_PAGES) return downloads.next(conditions);
      await wait(LOOK_FOR_ROOM_MS, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  }

  /** A download was handled, or there is no need to wait any more. */
  noteRoom(): void {
    this.#room.abort();
    this.#room = new AbortController();
  }

  async #whyFull(): Promise<string | undefined> {
    const waiting = await this.retries.pending();
    return waiting < MAX_RETRIES ? undefined : `${MAX_RETRIES} or more reports wait for a failing listener`;
  }

  async #announceInterrupted(): Promise<void> {
    const now = performance.now();
    if (now < this.#lookAt) return;
    await this.gaps.announceInterrupted();
    this.#lookAt = now + this.engine.followEveryMs;
  }
}
