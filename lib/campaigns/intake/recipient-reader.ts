import { setImmediate as nextTurn } from 'node:timers/promises';
import { countParts } from '../../message/split-text.js';
import { normalizeNumber, type NumberCountry } from '../../message/normalize-number.js';
import type { CampaignInput, CampaignRecipient } from '../campaign.types.js';
import type { CampaignChunk, IntakeCounts } from '../store/campaign-record.js';
import { OpenTexts, type Group } from './open-texts.js';
import { RecipientSet } from './recipient-set.js';
import { TextTemplate } from './text-template.js';

/** Texts whose parts are cached. */
const KNOWN_TEXTS = 10_000;
/** Recipients that are read before the event loop runs: a few milliseconds of work. */
const AT_ONCE = 2_500;

/** Receives the results of {@link RecipientReader}. */
export interface RecipientSink {
  /** A full request. It has a text of its own unless its text is that of the message. */
  chunk(chunk: CampaignChunk): void;
  /** An input that is left out. */
  left(list: 'invalid' | 'duplicate', input: CampaignInput): void;
  /** Called after each recipient and each request. The reader waits for the promise before it continues: backpressure. */
  room(): Promise<void> | undefined;
}

/** Options of {@link RecipientReader}. */
export interface ReadingOptions {
  body: string;
  maxParts?: number;
  country: NumberCountry;
}

/** A text and its parts, or the reason why it cannot be sent. */
interface KnownText {
  text: string;
  parts: number;
  fault?: string;
}

/**
 * Reads the recipients of a campaign once, and groups them into requests. Recipients with the same text share a request. Memory is
 * constant but for one bit for each number.
 */
export class RecipientReader {
  readonly #counts: IntakeCounts = { total: 0, recipients: 0, invalid: 0, duplicate: 0, parts: 0 };
  readonly #template: TextTemplate;
  /** The text of all recipients; unset when the text has fields. */
  readonly #same: KnownText | undefined;
  readonly #numbers: { country: NumberCountry };
  readonly #seen = new RecipientSet();
  readonly #open = new OpenTexts();
  readonly #known = new Map<string, KnownText>();

  constructor(
    private readonly options: ReadingOptions,
    private readonly sink: RecipientSink,
  ) {
    this.#template = new TextTemplate(options.body);
    const { same } = this.#template;
    this.#same = same === undefined ? undefined : this.#look(same);
    this.#numbers = { country: options.country };
  }

  /** Resolves when every recipient was read, and the sink has received all results. */
  async read(recipients: Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>): Promise<IntakeCounts> {
    // Awaits only real promises: one microtask for each recipient would cost more than all the rest.
    if (Symbol.asyncIterator in recipients) {
      for await (const one of recipients) {
        const full = this.#take(one);
        if (full) await full;
      }
    } else {
      for (const one of recipients) {
        const full = this.#take(one);
        if (full) await full;
      }
    }
    await this.#close(this.#open.takeAll());
    return this.#counts;
  }

  #take(recipient: CampaignRecipient): Promise<void> | undefined {
    this.#counts.total += 1;
    const full = this.#put(recipient);
    return this.#counts.total % AT_ONCE === 0 ? breathe(full) : full;
  }

  #put(recipient: CampaignRecipient): Promise<void> | undefined {
    const dest: unknown = typeof recipient === 'object' && recipient !== null ? recipient.dest : recipient;
    const number = typeof dest === 'string' ? normalizeNumber(dest, this.#numbers) : undefined;
    if (!number?.ok) return this.#leave('invalid', dest, number?.reason ?? 'is not a string');
    const { text, parts, fault } = this.#same ?? this.#render(recipient);
    if (fault !== undefined) return this.#leave('invalid', dest, fault);
    if (!this.#seen.add(number.number)) return this.#leave('duplicate', dest);
    this.#counts.recipients += 1;
    this.#counts.parts += parts;
    const groups = this.#open.add(text, number.number);
    return groups ? this.#close(groups) : this.sink.room();
  }

  #render(recipient: CampaignRecipient): KnownText {
    const rendered = this.#template.render(typeof recipient === 'object' ? recipient : { dest: recipient });
    return rendered.ok ? this.#look(rendered.text) : { text: '', parts: 0, fault: rendered.reason };
  }

  #leave(list: 'invalid' | 'duplicate', dest: unknown, reason?: string): Promise<void> | undefined {
    this.#counts[list] += 1;
    this.sink.left(list, { dest: typeof dest === 'string' ? dest.slice(0, 100) : typeof dest, reason });
    return this.sink.room();
  }

  async #close(groups: readonly Group[]): Promise<void> {
    for (const [text, dests] of groups) {
      this.sink.chunk(text === this.options.body ? { dests } : { dests, body: text });
      const full = this.sink.room();
      if (full) await full;
    }
  }

  #look(text: string): KnownText {
    let known = this.#known.get(text);
    if (known === undefined) {
      if (this.#known.size >= KNOWN_TEXTS) this.#known.clear();
      this.#known.set(text, (known = describeKnown(text, this.options.maxParts)));
    }
    return known;
  }
}

/** Lets the event loop run: an array, or an async iterable that never waits, would block it. */
async function breathe(full: Promise<void> | undefined): Promise<void> {
  await full;
  await nextTurn();
}

function describeKnown(text: string, maxParts = 0): KnownText {
  if (text === '') return { text, parts: 0, fault: 'has an empty text' };
  if (/\p{Surrogate}/u.test(text)) return { text, parts: 0, fault: 'has half of a character in its text' };
  const parts = countParts(text);
  const fault = maxParts > 0 && parts > maxParts ? `has a text of more than ${maxParts} parts` : undefined;
  return { text, parts, fault };
}
