import { hash } from 'node:crypto';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { RawBody } from '../gateway/decode-body.js';
import { pageOf } from '../gateway/dlr-page.js';
import type { DurableQueue, NewJob, QueueEngine } from '../queue/durable-queue.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { InboxState } from './inbox-state.js';
import type { KeptPage } from './kept-jobs.js';

/** Pushes that are written together at the most. */
const MOST_AT_ONCE = 256;

/** Dependencies of {@link DlrPushes}. */
export interface DlrPushesParts {
  account: string;
  engine: QueueEngine;
  pages: DurableQueue<KeptPage>;
  state: InboxState;
  telemetry: Telemetry;
}

/** A push that waits for its write. */
interface WaitingPush {
  job: NewJob<KeptPage>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Takes reports that the gateway pushes. What comes is durable before anything reads it, and before the push is answered. */
export class DlrPushes {
  readonly #waiting: WaitingPush[] = [];
  #isWriting = false;

  constructor(private readonly parts: DlrPushesParts) {}

  /**
   * Keeps the body of a push, as it came. Resolves once it is durable. Pushes that arrive during a write go into the next one
   * together.
   *
   * @throws {OurSmsStorageError} when it cannot be kept
   */
  async keep(body: RawBody): Promise<void> {
    const span = this.parts.telemetry.startReceive('push');
    try {
      await this.#keep(body);
      span.end();
    } catch (error) {
      span.fail(error);
      throw error;
    }
  }

  #keep(body: RawBody): Promise<void> {
    const { account, state } = this.parts;
    if (state.stopping.aborted) return Promise.reject(stopping(account));
    const page = pageOf(account, body, 200);
    // A repeat of a push that is still here adds nothing.
    const id = `push-${hash('sha256', page.text, 'base64url').slice(0, 24)}`;
    // The gateway keeps what is not answered with 200, so no gap is announced for what cannot be read.
    const data: KeptPage = { ...page, at: page.receivedAt, asked: 0, gapTold: true, isPush: true };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job: { id, data }, resolve, reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  /** Never rejects. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, MOST_AT_ONCE);
      try {
        await this.#write(group.map(({ job }) => job));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #write(jobs: readonly NewJob<KeptPage>[]): Promise<void> {
    const { engine, pages } = this.parts;
    const characters = jobs.reduce((sum, { data }) => sum + data.text.length, 0);
    // A directory on a full disk takes no writes until it was opened again. A server refuses what it has no room for, and jobs of
    // this queue may wait for it in a directory of their own.
    if (engine.path !== undefined) await engine.checkRoom(3 * characters);
    await pages.add(jobs);
  }
}

const stopping = (account: string): OurSmsStorageError =>
  new OurSmsStorageError(`A push of delivery reports (account ${account}) is not kept: the application is stopping.`, {
    fault: 'closed',
  });
