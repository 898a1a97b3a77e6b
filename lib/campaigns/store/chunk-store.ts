import type { DurableQueue, Job, NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { Moment } from '../../sending/moment.js';
import type { CampaignInput } from '../campaign.types.js';
import { pageNumber, pageNumberOf, type CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignKey, ChunkJob, ChunkResult } from './campaign-record.js';

/** Requests whose recipients are read at a time: requests are sent in the order of their numbers, mostly. */
const BLOCK = 16;
/** Blocks in memory: they hold the requests in flight and the next ones, mostly. */
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

  /** Jobs of the requests that are not settled. The id of a job is the number of its request. */
  get queue(): DurableQueue<ChunkJob> {
    return this.engine.queue(this.names.queue(this.key));
  }

  /** The recipients of a request; undefined once the campaign is removed. */
  async chunk(number: string): Promise<CampaignChunk | undefined> {
    const place = Number(number);
    const block = Math.floor(place / BLOCK);
    const reading = this.#block(block);
    // The next block is read from the second half on: a small campaign has no other block.
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
    // After a failure, the next caller reads the block again.
    reading.catch(() => this.#blocks.delete(block));
    const [oldest] = this.#blocks.keys();
    if (this.#blocks.size > MOST_BLOCKS) this.#blocks.delete(oldest as number);
    return reading;
  }

  /** The results of the settled requests. */
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

  /** The change that stores the recipients of a request, or a page of inputs that were left out. */
  noteOf(list: 'chunk' | 'invalid' | 'duplicate', page: number, content: CampaignChunk | CampaignInput[]): NoteChange {
    return { name: this.names.list(this.key, list) + pageNumber(page), text: JSON.stringify(content) };
  }

  /** The change that stores an index of recipients. */
  indexNote(page: number, text: string): NoteChange {
    return { name: this.names.list(this.key, 'index') + pageNumber(page), text };
  }

  /** The change that stores the request of an id of the gateway. */
  jobNote(jobId: string, number: string): NoteChange {
    return { name: this.names.job(jobId), text: `${this.key.run} ${number}` };
  }

  /** The change that stores the result of a request, or removes it. */
  resultNote(number: string, result?: ChunkResult): NoteChange {
    return { name: this.names.list(this.key, 'result') + number, text: result && JSON.stringify(result) };
  }
}

/** The mark of a request that is about to leave. */
export const markOf = (leaving: Moment): string => JSON.stringify(leaving);

/** When the first try of unknown outcome left. Version 0.1.0 stored the time of one clock only. */
export function doubtOf({ data, interruptedAt, interruptedMark }: Job<ChunkJob>): Moment | undefined {
  if (data.doubt) return data.doubt;
  if (data.doubtSince !== undefined) return { wall: data.doubtSince };
  if (interruptedAt === undefined) return undefined;
  return interruptedMark === undefined ? { wall: interruptedAt } : (JSON.parse(interruptedMark) as Moment);
}

/** The data of a job. @param doubt When the first try of unknown outcome left. */
export const jobData = (doubt: Moment | undefined, again?: boolean): ChunkJob => ({
  doubt,
  doubtSince: doubt?.wall,
  again,
});
