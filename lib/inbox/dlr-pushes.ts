import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { RawBody } from '../gateway/decode-body.js';
import { pageOf } from '../gateway/dlr-page.js';
import type { DurableQueue, QueueEngine } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { groupPushes, pushName, type NamedPush } from './grouped-pushes.js';
import type { InboxState } from './inbox-state.js';
import type { StoredPage } from './stored-jobs.js';
import { KnownPushes } from './known-pushes.js';

/** Largest number of pushes in one write. */
const MAX_BATCH = 256;
/** Room is checked in advance, for this many characters and this long: a check for each write would cost as much as the write. */
const ROOM = { characters: 1024 * 1024, ms: 100 };

/** A push that waits for its write. */
interface WaitingPush extends NamedPush {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Stores the reports that the gateway pushes. A push is durable before it is parsed, and before it is answered. */
export class DlrPushes {
  readonly #waiting: WaitingPush[] = [];
  readonly #known = new KnownPushes();
  #isWriting = false;
  /** Characters that the last check found room for, and its expiry (`performance.now()`). */
  #room = { characters: 0, until: 0 };

  constructor(
    private readonly account: string,
    private readonly engine: QueueEngine,
    private readonly pages: DurableQueue<StoredPage>,
    private readonly state: InboxState,
    private readonly telemetry: Telemetry,
  ) {}

  /**
   * Stores the body of a push, unchanged. Resolves once it is durable. Pushes that arrive during a write are batched into the next
   * one.
   *
   * @throws {OurSmsStorageError} when it cannot be stored
   */
  async store(body: RawBody): Promise<void> {
    const span = this.telemetry.startReceive('push');
    try {
      await this.#enqueue(body);
      span.end();
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  #enqueue(body: RawBody): Promise<void> {
    if (this.state.stopping.aborted) return Promise.reject(stopping(this.account));
    const page = pageOf(this.account, body, 200);
    const name = pushName(page);
    // A repeat of a push that is not handled yet adds nothing.
    const known = this.#known.written(name);
    if (known !== undefined) return known;
    const written = new Promise<void>((resolve, reject) => this.#waiting.push({ name, page, resolve, reject }));
    this.#known.add(name, written);
    this.#start();
    return written;
  }

  /** Forgets the pushes of a job whose reports were handled. */
  noteHandled(job: string): void {
    this.#known.forgetJob(job);
  }

  #start(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    // Pushes that the sockets have already received go into the same write.
    setImmediate(() => void this.#writeAll());
  }

  /** Writes batches until no push waits. Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      try {
        await this.#write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#known.forget(batch.map(({ name }) => name));
        for (const { reject } of batch) reject(error);
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
   * Only for a directory, since after a write to a full disk it refuses writes until it is reopened. A server refuses only the
   * write that it has no room for, and jobs of this queue may wait for it in a spool directory.
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
