import { setMaxListeners } from 'node:events';
import type { DurableQueue, QueueConsumer, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { CampaignRecord, ChunkJob } from '../store/campaign-record.js';
import { ChunkHandler, type ChunkHandlerParts } from './chunk-handler.js';

/** What the requests of a campaign are handed out with. */
export interface ChunkConsumerParts extends Omit<ChunkHandlerParts, 'stopping'> {
  engine: QueueEngine;
  names: CampaignNames;
  record: CampaignRecord;
  /** Aborted when the application ends. */
  stopping: AbortSignal;
}

/** Hands out the requests of a campaign, until it is stopped, and again. */
export class ChunkConsumer {
  #consumer: QueueConsumer | undefined;
  /** Until what was handed out before is settled. */
  #stopped: Promise<unknown> = Promise.resolve();
  #halting = new AbortController();
  #handler: ChunkHandler | undefined;

  constructor(private readonly parts: ChunkConsumerParts) {}

  /** How many requests are not settled, in all processes. */
  pending(): Promise<number> {
    return this.#queue().pending();
  }

  /** Hands them out as soon as what was handed out before is settled, unless the campaign is paused or over by then. */
  async start(): Promise<void> {
    await this.#stopped;
    const { record, stopping } = this.parts;
    if (stopping.aborted || record.report !== undefined || record.state === 'paused') return;
    if (this.#consumer) return;
    const { concurrency } = record;
    this.#renew();
    this.#consumer = this.#queue().consume((job) => (this.#handler ?? this.#renew()).handle(job), {
      concurrency,
      total: concurrency,
      idleAtFirst: true,
      // The campaign does not end without a request.
      faults: Infinity,
    });
  }

  /** Hands nothing out any more, and ends the waiting of what is handed out. Resolves when no request is on its way. */
  async stop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.endWaiting();
    if (consumer) this.#stopped = Promise.all([this.#stopped, consumer.stop()]);
    // Whoever stops it a second time waits as well: the store may be closed next.
    await this.#stopped;
  }

  /** What waits for its turn does not leave, and is handed out again. */
  endWaiting(): void {
    this.#halting.abort();
    this.#handler = undefined;
  }

  /** Stops, and lets go of the queue. */
  async release(): Promise<void> {
    await this.stop();
    if (!this.parts.stopping.aborted) await this.#queue().letGo();
  }

  #renew(): ChunkHandler {
    this.#halting = new AbortController();
    const stopping = AbortSignal.any([this.parts.stopping, this.#halting.signal]);
    // Each request that waits listens to it.
    setMaxListeners(0, stopping);
    return (this.#handler = new ChunkHandler({ ...this.parts, stopping }));
  }

  #queue(): DurableQueue<ChunkJob> {
    return this.parts.engine.queue(this.parts.names.queue(this.parts.record));
  }
}
