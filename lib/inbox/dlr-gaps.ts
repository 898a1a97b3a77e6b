import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { QueueEngine } from '../queue/durable-queue.js';
import { waitForLock } from '../queue/exclusive-lock.js';
import { accountPart } from '../queue/key-part.js';
import type { DlrGap } from './dlr-events.js';
import type { DlrPublisher } from './dlr-publisher.js';

/** A download that is about to be made. */
export interface Intent {
  id: string;
  /** Name of its note, which is kept until its result is durable. */
  note: string;
  /** ISO 8601, UTC. */
  at: string;
  asked: number;
}

/**
 * The one window that cannot be closed: the gateway has deleted, and the answer is not durable yet. Each download is noted
 * before it is made, so that a lost one is known, also after a crash.
 */
export class DlrGaps {
  readonly #logger = new Logger('OurSmsDlrInbox');
  readonly #intents: string;
  readonly #counter: string;
  readonly #lastTime: string;

  /** @param timeoutMs Milliseconds that a download may take. */
  constructor(
    private readonly engine: QueueEngine,
    private readonly publisher: DlrPublisher,
    private readonly account: string,
    private readonly timeoutMs: number,
  ) {
    this.#intents = `${accountPart(account)}/download/`;
    this.#counter = `${accountPart(account)}/gaps/count`;
    this.#lastTime = `${accountPart(account)}/gaps/last`;
  }

  /** How many gaps there were since the store was made. */
  async count(): Promise<number> {
    return Number((await this.engine.read(this.#counter)) ?? 0);
  }

  /** When the last one was announced: milliseconds since 1970; undefined when none was, or by a version that did not note it. */
  async lastAt(): Promise<number | undefined> {
    const text = await this.engine.read(this.#lastTime);
    return text === undefined ? undefined : Number(text);
  }

  /** Announces the downloads in the middle of which a process ended. Only the process that polls may call this. */
  async announceInterrupted(): Promise<void> {
    const why = 'the process ended during the download';
    for await (const { name, text } of this.engine.notes(this.#intents)) {
      // Its process may still be downloading: it was suspended, and lost its lock.
      if ((await this.engine.readExpiring(name)) !== undefined) continue;
      const { at, asked } = JSON.parse(text) as Intent;
      await this.missed({ id: name.slice(this.#intents.length), at, asked }, why);
      await this.engine.forget(name);
    }
  }

  /** Notes, durably, that a download is about to be made. */
  async intend(asked: number): Promise<Intent> {
    const intent = await this.prepare(asked);
    const { name, text } = this.noteOf(intent);
    await this.engine.note(name, text);
    return intent;
  }

  /** A download that may be made after the one that is under way. It is not noted yet. */
  async prepare(asked: number): Promise<Intent> {
    const id = randomUUID();
    const note = this.#intents + id;
    // This download and the one before it, and as long again.
    await this.engine.noteExpiring(note, '', 3 * this.timeoutMs);
    return { id, note, at: new Date().toISOString(), asked };
  }

  /** The note that a download is about to be made. */
  noteOf({ note, at, asked }: Intent): { name: string; text: string } {
    return { name: note, text: JSON.stringify({ at, asked }) };
  }

  /** Announces a download that brought nothing. */
  async missed({ id, at, asked }: Omit<Intent, 'note'>, why: string): Promise<void> {
    await this.announce({ id, account: this.account, at, atMost: asked, why });
  }

  /** Counts a gap and tells who listens. */
  async announce(gap: DlrGap): Promise<void> {
    this.#logger.error(
      `Up to ${gap.atMost} delivery reports may be lost: the download of ${gap.at} (account ${gap.account}) was incomplete: ${gap.why}`,
    );
    // Another process may count one at the same moment.
    await waitForLock(this.engine, this.#counter, async () => {
      await this.engine.note(this.#lastTime, String(Date.now()));
      await this.engine.note(this.#counter, String((await this.count()) + 1));
    });
    await this.publisher.gap(gap);
  }
}
