import type { NewJob, NoteChange } from '../../queue/durable-queue.js';
import type { CampaignInput } from '../campaign.types.js';
import { pageNumber } from '../store/campaign-names.js';
import type { CampaignChunk, ChunkJob } from '../store/campaign-record.js';
import { RecipientIndexWriter } from '../store/recipient-index.js';
import type { ChunkStore } from '../store/chunk-store.js';
import type { HeldLock } from '../../queue/exclusive-lock.js';
import { CHUNK } from './open-texts.js';
import type { RecipientSink } from './recipient-reader.js';

/** Requests and pages of one write. */
const AT_ONCE = 32;

/** Writes the requests of a campaign, and the inputs that were left out, to the store while they are read. */
export class ChunkWriter implements RecipientSink {
  readonly #left: Readonly<Record<'invalid' | 'duplicate', CampaignInput[]>> = { invalid: [], duplicate: [] };
  #jobs: NewJob<ChunkJob>[] = [];
  #notes: NoteChange[] = [];
  #chunks = 0;
  #pages = 0;
  #indexes = 0;
  readonly #index = new RecipientIndexWriter();
  #writing: Promise<void>;

  /**
   * @param lock The lock on reading these recipients: nothing is written without it.
   * @param factsWritten Resolves when the facts of the campaign are durable: they must be written first.
   * @param isIndexed Whether recipients are indexed: reports without an id must find their request.
   */
  constructor(
    private readonly store: ChunkStore,
    private readonly lock: HeldLock,
    factsWritten: Promise<void>,
    private readonly isIndexed: boolean,
  ) {
    this.#writing = factsWritten;
    this.#writing.catch(() => undefined);
  }

  chunk(chunk: CampaignChunk): void {
    const page = this.#chunks++;
    this.#jobs.push({ id: pageNumber(page), data: {}, isNew: true });
    this.#notes.push(this.store.noteOf('chunk', page, chunk));
    if (this.isIndexed) this.#keepIndex(this.#index.add(page, chunk.dests));
  }

  left(list: 'invalid' | 'duplicate', input: CampaignInput): void {
    if (this.#left[list].push(input) === CHUNK) this.#turnPage(list);
  }

  room(): Promise<void> | undefined {
    return this.#notes.length < AT_ONCE ? undefined : this.#write();
  }

  /** Waits for the current write. */
  async settled(): Promise<void> {
    await this.#writing.catch(() => undefined);
  }

  /** Writes the rest, and the last notes of the intake by the same write. Resolves when all is durable. */
  async finish(...notes: NoteChange[]): Promise<void> {
    this.#turnPage('invalid');
    this.#turnPage('duplicate');
    this.#keepIndex(this.#index.take());
    this.#notes.push(...notes);
    await this.#write();
    await this.#writing;
  }

  #keepIndex(text: string | undefined): void {
    if (text !== undefined) this.#notes.push(this.store.indexNote(this.#indexes++, text));
  }

  #turnPage(list: 'invalid' | 'duplicate'): void {
    const page = this.#left[list];
    if (page.length > 0) this.#notes.push(this.store.noteOf(list, this.#pages++, page));
    page.length = 0;
  }

  /** Starts a write once the one before is durable: one is in progress while the next is gathered. */
  async #write(): Promise<void> {
    const [jobs, notes] = [this.#jobs, this.#notes];
    this.#jobs = [];
    this.#notes = [];
    await this.#writing;
    await this.lock.check();
    this.#writing = this.store.queue.add(jobs, notes);
    // The next caller that awaits it gets the error.
    this.#writing.catch(() => undefined);
  }
}
