import type { NewJob, NoteChange } from '../../queue/durable-queue.js';
import type { CampaignInput } from '../campaign.types.js';
import { pageNumber } from '../store/campaign-names.js';
import type { CampaignChunk, ChunkJob } from '../store/campaign-record.js';
import { RecipientIndexWriter } from '../store/recipient-index.js';
import type { ChunkStore } from '../store/chunk-store.js';
import type { HeldLock } from '../../queue/exclusive-lock.js';
import { CHUNK } from './open-texts.js';
import type { RecipientSink } from './recipient-reader.js';

/** Requests and pages that are written to the store at a time. */
const AT_ONCE = 32;

/** Dependencies of {@link ChunkWriter}. */
export interface ChunkWriterParts {
  store: ChunkStore;
  /** The lock on reading these recipients: nothing is written without it. */
  lock: HeldLock;
  /** Resolves when the first note is durable, which must come before anything else. */
  after: Promise<void>;
  /** Whether recipients are indexed: reports without an id must find their request. */
  isIndexed: boolean;
}

/** Makes the requests of a campaign durable as they come, and the inputs that were left out. */
export class ChunkWriter implements RecipientSink {
  readonly #left: Readonly<Record<'invalid' | 'duplicate', CampaignInput[]>> = { invalid: [], duplicate: [] };
  #jobs: NewJob<ChunkJob>[] = [];
  #notes: NoteChange[] = [];
  #chunks = 0;
  #pages = 0;
  #indexes = 0;
  readonly #index = new RecipientIndexWriter();
  #writing: Promise<void>;

  constructor(private readonly parts: ChunkWriterParts) {
    this.#writing = parts.after;
    this.#writing.catch(() => undefined);
  }

  chunk(chunk: CampaignChunk): void {
    const page = this.#chunks++;
    this.#jobs.push({ id: pageNumber(page), data: {} });
    this.#notes.push(this.parts.store.noteOf('chunk', page, chunk));
    if (this.parts.isIndexed) this.#keepIndex(this.#index.add(page, chunk.dests));
  }

  left(list: 'invalid' | 'duplicate', input: CampaignInput): void {
    if (this.#left[list].push(input) === CHUNK) this.#turnPage(list);
  }

  room(): Promise<void> | undefined {
    return this.#notes.length < AT_ONCE ? undefined : this.#write();
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  /** Makes the rest durable, and notes by the same write: with them, every recipient is in a request or was left out. */
  async finish(...notes: NoteChange[]): Promise<void> {
    this.#turnPage('invalid');
    this.#turnPage('duplicate');
    this.#keepIndex(this.#index.take());
    this.#notes.push(...notes);
    await this.#write();
    await this.#writing;
  }

  #keepIndex(text: string | undefined): void {
    if (text !== undefined) this.#notes.push(this.parts.store.indexNote(this.#indexes++, text));
  }

  #turnPage(list: 'invalid' | 'duplicate'): void {
    const page = this.#left[list];
    if (page.length > 0) this.#notes.push(this.parts.store.noteOf(list, this.#pages++, page));
    page.length = 0;
  }

  /** Resolves when the write before is durable: one is on its way while the next is gathered. */
  async #write(): Promise<void> {
    const [jobs, notes] = [this.#jobs, this.#notes];
    this.#jobs = [];
    this.#notes = [];
    await this.#writing;
    await this.parts.lock.check();
    this.#writing = this.parts.store.queue.add(jobs, notes);
    // The next caller that awaits it gets the error.
    this.#writing.catch(() => undefined);
  }
}
