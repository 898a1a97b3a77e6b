import type { DurableQueue, Job, NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { Moment } from '../../sending/moment.js';
import type { CampaignInput } from '../campaign.types.js';
import { pageNumber, pageNumberOf, type CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignKey, ChunkJob, ChunkResult } from './campaign-record.js';

/** Requests whose recipients are read at a time: they are sent in the order of their numbers, mostly. */
const BLOCK = 16;
/** As many requests as are in flight at a time, mostly, and those that come next. */
const MOST_BLOCKS = 4;

/** The requests of a campaign in the store: their queue, their recipients, their results, and the recipients that were left out. */
export class ChunkStore {
  /** Recipients of requests, as texts, by the number of their block: they never change. */
  readonly #blocks = new Map<number, Promise<(string | undefined)[]>>();

  constructor(
    private readonly engine: QueueEngine,
    private readonly names: CampaignNames,
    private readonly key: CampaignKey,
  ) {}

  /** A job for each request, named by its number. */
  get queue(): DurableQueue<ChunkJob> {
    return this.engine.queue(this.names.queue(this.key));
  }

  /** The recipients of a request; undefined once the campaign is removed. */
  async chunk(number: string): Promise<CampaignChunk | undefined> {
    const place = Number(number);
    const block = Math.floor(place / BLOCK);
    const reading = this.#block(block);
    // While the second half of this one is being sent: a small campaign has no other.
    if (place % BLOCK >= BLOCK / 2) void this.#block(block + 1);
    const text = (await reading)[place % BLOCK];
    return text === undefined ? undefined : (JSON.parse(text) as CampaignChunk);
  }

  #block(block: number): Promise<(string | undefined)[]> {
    const known = this.#blocks.get(block);
    if (known) return known;
    const prefix = this.names.list(this.key, 'chunk');
    const names = Array.from({ length: BLOCK }, (_, i) => prefix + pageNumber(block * BLOCK + i));
    const reading = this.engine.readMany(names);
    this.#blocks.set(block, reading);
    // It is read again when it is asked for again.
    reading.catch(() => this.#blocks.delete(block));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > MOST_BLOCKS) this.#blocks.delete(oldest as number);
    return reading;
  }

  /** The results of the requests that are settled. */
  async *results(): AsyncIterable<{ number: string; result: ChunkResult }> {
    for await (const { name, text } of this.engine.notes(this.names.list(this.key, 'result'))) {
      yield { number: pageNumberOf(name), result: JSON.parse(text) as ChunkResult };
    }
  }

  /** The recipients that were left out. */
  async *leftOut(fate: 'invalid' | 'duplicate'): AsyncIterable<CampaignInput> {
    for await (const { text } of this.engine.notes(this.names.list(this.key, fate))) {
      yield* JSON.parse(text) as CampaignInput[];
    }
  }

  /** A write that keeps the recipients of a request, or a page of those that were left out. */
  noteOf(list: 'chunk' | 'invalid' | 'duplicate', page: number, content: CampaignChunk | CampaignInput[]): NoteChange {
    return { name: this.names.list(this.key, list) + pageNumber(page), text: JSON.stringify(content) };
  }

  /** A write that keeps an index of recipients. */
  indexNote(page: number, text: string): NoteChange {
    return { name: this.names.list(this.key, 'index') + pageNumber(page), text };
  }

  /** A write that keeps the request of an id at the gateway. */
  jobNote(jobId: string, number: string): NoteChange {
    return { name: this.names.job(jobId), text: `${this.key.run} ${number}` };
  }

  /** A write that keeps the result of a request, or removes it. */
  resultNote(number: string, result?: ChunkResult): NoteChange {
    return { name: this.names.list(this.key, 'result') + number, text: result && JSON.stringify(result) };
  }
}

/** The mark of a request that is about to leave. */
export const markOf = (leaving: Moment): string => JSON.stringify(leaving);

/** When the first try of unknown outcome left; by one clock alone where an earlier version noted it. */
export function doubtOf({ data, interruptedAt, interruptedMark }: Job<ChunkJob>): Moment | undefined {
  if (data.doubt) return data.doubt;
  if (data.doubtSince !== undefined) return { wall: data.doubtSince };
  if (interruptedAt === undefined) return undefined;
  return interruptedMark === undefined ? { wall: interruptedAt } : (JSON.parse(interruptedMark) as Moment);
}

/** The data of a request, by when its first try of unknown outcome left. */
export const jobData = (doubt: Moment | undefined, again?: boolean): ChunkJob => ({
  doubt,
  doubtSince: doubt?.wall,
  again,
});
