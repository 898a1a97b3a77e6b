import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { QueueEngine } from '../queue/durable-queue.js';
import { waitForLock } from '../queue/exclusive-lock.js';
import { accountPart } from '../queue/key-part.js';
import type { DlrGap } from './dlr-events.js';
import type { DlrPublisher } from './dlr-publisher.js';

/** A download that is about to start. */
export interface Intent {
  id: string;
  /** Name of its note, which exists until the result of the download is durable. */
  note: string;
  /** ISO 8601, UTC. */
  at: string;
  /** Number of reports that the download asks for. */
  asked: number;
}

/**
 * Finds and announces lost downloads. The gateway deletes reports before their answer is durable here: this window cannot be
 * closed. So each download is noted before it starts, and a lost one is found even after a crash.
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

  /** Number of gaps since the store was created. */
  async count(): Promise<number> {
    return Number((await this.engine.read(this.#counter)) ?? 0);
  }

  /** Time of the last gap: milliseconds since 1970; undefined without a gap, or when a version that stored no time found it. */
  async lastAt(): Promise<number | undefined> {
    const text = await this.engine.read(this.#lastTime);
    return text === undefined ? undefined : Number(text);
  }

  /** Announces downloads that the end of their process interrupted. Two processes that look at the same time both announce them. */
  async announceInterrupted(): Promise<void> {
    const why = 'the process ended during the download';
    for await (const { name, text } of this.engine.notes(this.#intents)) {
      // The download may still be in flight, in a process that was suspended and lost its lock.
      if ((await this.engine.readExpiring(name)) !== undefined) continue;
      const { at, asked } = JSON.parse(text) as Intent;
      await this.missed({ id: name.slice(this.#intents.length), at, asked }, why);
      await this.engine.forget(name);
    }
  }

  /** Durably notes that a download is about to start. */
  async intend(asked: number): Promise<Intent> {
    const intent = await this.prepare(asked);
    const { name, text } = this.noteOf(intent);
    await this.engine.note(name, text);
    return intent;
  }

  /** Prepares a download that is not noted yet. It may follow the one in flight. */
  async prepare(asked: number): Promise<Intent> {
    const id = randomUUID();
    const note = this.#intents + id;
    // One timeout for the previous download, one for this one, and one as a margin.
    await this.engine.noteExpiring(note, '', 3 * this.timeoutMs);
    return { id, note, at: new Date().toISOString(), asked };
  }

  noteOf({ note, at, asked }: Intent): { name: string; text: string } {
    return { name: note, text: JSON.stringify({ at, asked }) };
  }

  /** Announces a download whose answer is lost. */
  async missed({ id, at, asked }: Omit<Intent, 'note'>, why: string): Promise<void> {
    await this.announce({ id, account: this.account, at, atMost: asked, why });
  }

  /** Logs and counts a gap, and emits its event. */
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
