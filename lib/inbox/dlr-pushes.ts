import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { RawBody } from '../gateway/decode-body.js';
import { pageOf } from '../gateway/dlr-page.js';
import type { DurableQueue, QueueEngine } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { groupPushes, pushName, type NamedPush } from './grouped-pushes.js';
import type { InboxState } from './inbox-state.js';
import type { StoredPage } from './stored-jobs.js';
import { KnownPushes } from './known-pushes.js';

/** Pushes that are written together at the most. */
const MOST_AT_ONCE = 256;
/** Room is looked for in advance, for so many characters and for so long: at each write it would cost as much as the write. */
const ROOM = { characters: 1024 * 1024, ms: 100 };

/** A push that waits for its write. */
interface WaitingPush extends NamedPush {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Takes reports that the gateway pushes. What comes is durable before anything reads it, and before the push is answered. */
export class DlrPushes {
  readonly #waiting: WaitingPush[] = [];
  readonly #known = new KnownPushes();
  #isWriting = false;
  /** Room that was found, until when (`performance.now()`). */
  #room = { characters: 0, until: 0 };

  constructor(
    private readonly account: string,
    private readonly engine: QueueEngine,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly state: InboxState,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Keeps the body of a push, as it came. Resolves once it is durable. Pushes that arrive during a write go into the next one
   * together.
   *
   * @throws {OurSmsStorageError} when it cannot be kept
   */
  async keep(body: RawBody): Promise<void> {
    const span = this.telemetry.startReceive('push');
    try {
      await this.#keep(body);
      span.end();
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  #keep(body: RawBody): Promise<void> {
    if (this.state.stopping.aborted) return Promise.reject(stopping(this.account));
    const page = pageOf(this.account, body, 200);
    const name = pushName(page);
    // A repeat of a push that is still here adds nothing.
    const known = this.#known.written(name);
    if (known !== undefined) return known;
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ name, page, resolve, reject }));
    this.#known.add(name, written);
    this.#start();
    return written;
  }

  /** The reports of a job were delivered. */
  noteHandled(job: string): void {
    this.#known.forgetJob(job);
  }

  #start(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // What the sockets have brought by now goes into the same write.
    setImmediate(() => void this.#writeAll());
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MOST_AT_ONCE);
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        this.#known.forget(group.map(({ name }) => name));
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #write(pushes: readonly NamedPush[]): Promise<void> {
    await this.#checkRoom(pushes.reduce((sum, { page }) => sum + page.text.length, 0));
    const groups = groupPushes(pushes);
    for (const { job, names } of groups) this.#known.writtenAs(job.id, names);
    await this.pages.add(groups.map(({ job }) => job));
  }

  /**
   * A directory on a full disk takes no writes until it was opened again. A server refuses what it has no room for, and jobs of
   * this queue may wait for it in a directory of their own.
   */
  async #checkRoom(characters: number): Promise<void> {
    if (this.engine.path === undefined) return;
    if (performance.now() >= this.#room.until || characters > this.#room.characters) {
      const more = characters + ROOM.characters;
      await this.engine.checkRoom(3 * more);
      this.#room = { characters: more, until: performance.now() + ROOM.ms };
    }
    this.#room.characters -= characters;
  }
}

const stopping = (account: string): OurSmsStorageError =>
  new OurSmsStorageError(`A push of delivery reports (account ${account}) is not kept: the application is stopping.`, {
    fault: 'closed',
  });
