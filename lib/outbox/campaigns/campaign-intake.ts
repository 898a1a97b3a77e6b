import { randomUUID } from 'node:crypto';
import { describeText } from '../../message/describe-text.js';
import { normalizeNumber, type NumberCountry } from '../../message/normalize-number.js';
import type { DurableQueue, NewJob, NoteChange } from '../../queue/durable-queue.js';
import type { CampaignInput, CampaignRecipient } from './campaign.types.js';
import type { CampaignChunk } from './campaign-record.js';
import { RecipientSet } from './recipient-set.js';
import { TextTemplate } from './text-template.js';

/** Recipients of a request, by the document. @see OurSMS HTTP API, "1. Send Message": `dests` */
const CHUNK = 500;
/** Requests that are written to the store at a time. */
const CHUNKS_A_WRITE = 32;
/** Texts whose recipients are gathered at a time, when each recipient has a text of its own. */
const OPEN_TEXTS = 1_000;

/** What recipients came to. */
export interface IntakeCounts {
  total: number;
  recipients: number;
  invalid: number;
  duplicate: number;
  parts: number;
}

/** What an intake works with. */
export interface IntakeSetup {
  queue: DurableQueue<CampaignChunk>;
  body: string;
  maxParts?: number;
  country: NumberCountry;
  /** What the names of the lists of inputs that are left out start with. */
  lists: { invalid: string; duplicate: string };
}

/**
 * Reads the recipients of a campaign, once and in constant memory but for a bit for each number, and makes durable requests of
 * them. Recipients with the same text share a request.
 */
export class CampaignIntake {
  readonly #counts: IntakeCounts = { total: 0, recipients: 0, invalid: 0, duplicate: 0, parts: 0 };
  readonly #template: TextTemplate;
  readonly #seen = new RecipientSet();
  readonly #groups = new Map<string, string[]>();
  readonly #partsOf = new Map<string, number>();
  readonly #left: Readonly<Record<'invalid' | 'duplicate', CampaignInput[]>> = { invalid: [], duplicate: [] };
  #jobs: NewJob<CampaignChunk>[] = [];
  #notes: NoteChange[] = [];
  #pages = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly setup: IntakeSetup) {
    this.#template = new TextTemplate(setup.body);
  }

  /** Resolves when every recipient was read: what is not durable yet becomes so with {@link finish}. */
  async take(recipients: Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>): Promise<IntakeCounts> {
    try {
      await this.#read(recipients);
    } finally {
      await this.#writing;
    }
    for (const [text, dests] of this.#groups) this.#close(text, dests);
    this.#turnPage('invalid');
    this.#turnPage('duplicate');
    return this.#counts;
  }

  /** Makes the rest durable, and a note by the same write: with it, every recipient is in a request or was left out. */
  async finish(note: NoteChange): Promise<void> {
    await this.setup.queue.add(this.#jobs, [...this.#notes, note]);
  }

  async #read(recipients: Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>): Promise<void> {
    // Awaited only when there is something to wait for: a turn for each recipient would cost more than the rest.
    if (Symbol.asyncIterator in recipients) {
      for await (const one of recipients) {
        const full = this.#takeOne(one);
        if (full) await full;
      }
    } else {
      for (const one of recipients) {
        const full = this.#takeOne(one);
        if (full) await full;
      }
    }
  }

  #takeOne(recipient: CampaignRecipient): Promise<void> | undefined {
    this.#counts.total += 1;
    const fields = typeof recipient === 'object' && recipient !== null ? recipient : { dest: recipient };
    const { dest } = fields;
    const number = typeof dest === 'string' ? normalizeNumber(dest, { country: this.setup.country }) : undefined;
    if (!number?.ok) return this.#leave('invalid', dest, number?.reason ?? 'is no text');
    const rendered = this.#template.render(fields);
    const fault = rendered.ok ? this.#textFault(rendered.text) : rendered.reason;
    if (!rendered.ok || fault !== undefined) return this.#leave('invalid', dest, fault);
    if (!this.#seen.add(number.number)) return this.#leave('duplicate', dest);
    return this.#gather(rendered.text, number.number);
  }

  #gather(text: string, number: string): Promise<void> | undefined {
    this.#counts.recipients += 1;
    this.#counts.parts += this.#parts(text);
    const dests = this.#groups.get(text);
    if (dests === undefined) this.#groups.set(text, [number]);
    else dests.push(number);
    if (dests?.length === CHUNK) this.#close(text, dests);
    else if (this.#groups.size > OPEN_TEXTS) {
      const [oldest, few] = this.#groups.entries().next().value as [string, string[]];
      this.#close(oldest, few);
    }
    return this.#writeIfFull();
  }

  #leave(list: 'invalid' | 'duplicate', dest: unknown, reason?: string): Promise<void> | undefined {
    this.#counts[list] += 1;
    this.#left[list].push({ dest: typeof dest === 'string' ? dest.slice(0, 100) : typeof dest, reason });
    if (this.#left[list].length < CHUNK) return undefined;
    this.#turnPage(list);
    return this.#writeIfFull();
  }

  #turnPage(list: 'invalid' | 'duplicate'): void {
    const page = this.#left[list];
    if (page.length === 0) return;
    const name = this.setup.lists[list] + String(this.#pages++).padStart(9, '0');
    this.#notes.push({ name, text: JSON.stringify(page) });
    page.length = 0;
  }

  #close(text: string, dests: string[]): void {
    this.#groups.delete(text);
    const own = text === this.setup.body ? {} : { body: text };
    this.#jobs.push({ id: randomUUID(), data: { dests, ...own } });
  }

  #writeIfFull(): Promise<void> | undefined {
    return this.#jobs.length + this.#notes.length < CHUNKS_A_WRITE ? undefined : this.#write();
  }

  /** Resolves when the write before is durable: one is on its way while the next is gathered. */
  async #write(): Promise<void> {
    const [jobs, notes] = [this.#jobs, this.#notes];
    this.#jobs = [];
    this.#notes = [];
    await this.#writing;
    this.#writing = this.setup.queue.add(jobs, notes);
    // Whoever awaits it next is told.
    this.#writing.catch(() => undefined);
  }

  #textFault(text: string): string | undefined {
    if (text === this.setup.body) return undefined;
    if (text === '') return 'has an empty text';
    if (/\p{Surrogate}/u.test(text)) return 'has half of a character in its text';
    const { maxParts = 0 } = this.setup;
    return maxParts > 0 && this.#parts(text) > maxParts ? `has a text of more than ${maxParts} parts` : undefined;
  }

  #parts(text: string): number {
    let parts = this.#partsOf.get(text);
    if (parts === undefined) {
      if (this.#partsOf.size > OPEN_TEXTS) this.#partsOf.clear();
      this.#partsOf.set(text, (parts = describeText(text).parts));
    }
    return parts;
  }
}
