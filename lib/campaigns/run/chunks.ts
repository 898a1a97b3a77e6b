import { setMaxListeners } from 'node:events';
import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { Job, QueueConsumer, JobOutcome } from '../../queue/durable-queue.js';
import type { Moment } from '../../sending/moment.js';
import type { TurnSource } from '../../sending/turns.js';
import type { PauseReason } from '../campaign.types.js';
import type { CampaignChunk, ChunkJob, ChunkResult } from '../store/campaign-record.js';
import { ChunkStore, doubtOf, jobData, markOf } from '../store/chunk-store.js';
import type { CampaignContext } from './campaign-context.js';
import type { CampaignState } from './campaign-state.js';
import type { ChunkOutcome } from './chunk-sender.js';
import type { CircuitBreaker } from './circuit-breaker.js';

const MAX_RETRY_MS = 60_000;

/** Receives the events of {@link Chunks}. */
export interface ChunkEvents {
  /** The campaign must be paused. `waitMs`: milliseconds until the pause ends, if known. */
  onPause: (reason: PauseReason, why: string, waitMs?: number) => void;
  /** A request has a result, which is about to be written. */
  onResult: (number: string, result: ChunkResult) => void;
}

interface SendBounds {
  doubt?: Moment;
  mayLeave: () => boolean;
  stopping: AbortSignal;
  leaving: Leaving;
}

/** Departure of a request. */
interface Leaving {
  /** Milliseconds since 1970. */
  at?: number;
  /** Ends its entry among the requests in flight, by which reports are matched. */
  end?: () => void;
}

/** Sends the requests of a campaign, up to 500 recipients each: consumes its queue, and stores the results. */
export class Chunks {
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #store: ChunkStore;
  #consumer: QueueConsumer | undefined;
  /** Resolves when the requests of earlier consumers are settled. */
  #stopped: Promise<unknown> = Promise.resolve();
  /** Aborts the waits for a turn. `signal` is also aborted when the application shuts down. */
  #halting: { abort: () => void; signal: AbortSignal } | undefined;

  constructor(
    private readonly context: CampaignContext,
    private readonly state: CampaignState,
    private readonly turns: TurnSource,
    private readonly breaker: CircuitBreaker,
    private readonly events: ChunkEvents,
  ) {
    this.#store = new ChunkStore(context.engine, context.names, state.facts);
  }

  /** Counts the unsettled requests of all processes. */
  pending(): Promise<number> {
    return this.#store.queue.pending();
  }

  /** Starts to send once the requests of the last consumer are settled, unless the campaign is paused or over by then. */
  async start(): Promise<void> {
    await this.#stopped;
    const { state, context } = this;
    if (context.stopping.aborted || state.isOver || state.mode === 'paused' || this.#consumer) return;
    const { concurrency } = state.facts;
    this.#consumer = this.#store.queue.consume((job) => this.#handle(job), {
      concurrency,
      total: concurrency,
      idleAtFirst: true,
      // The campaign does not end without a request.
      faults: Infinity,
    });
  }

  /** Stops sending, and ends the waits for a turn. Resolves when no request is in flight. */
  async stop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    this.endWaiting();
    if (consumer) this.#stopped = Promise.all([this.#stopped, consumer.stop()]);
    // A second caller waits as well: the store may be closed next.
    await this.#stopped;
  }

  /** Requests that wait for their turn do not leave, and are redelivered. */
  endWaiting(): void {
    this.#halting?.abort();
    this.#halting = undefined;
  }

  /** Stops, and releases the queue. */
  async release(): Promise<void> {
    await this.stop();
    if (!this.context.stopping.aborted) await this.#store.queue.release();
  }

  /** The signal of the requests that are delivered from now on. */
  get #stopping(): AbortSignal {
    if (!this.#halting) {
      const controller = new AbortController();
      const signal = AbortSignal.any([this.context.stopping, controller.signal]);
      // Each waiting request listens to it.
      setMaxListeners(0, signal);
      this.#halting = { abort: () => controller.abort(), signal };
    }
    return this.#halting.signal;
  }

  async #handle(job: Job<ChunkJob>): Promise<JobOutcome<ChunkJob>> {
    const { state } = this;
    const stopping = this.#stopping;
    const doubt = doubtOf(job);
    if (state.mode === 'paused')
      return { kind: 'again', inMs: 0, data: jobData(doubt, job.data.again), uncounted: true };
    const chunk = await this.#store.chunk(job.id);
    // The request stays in the queue: the campaign must not end without it.
    if (chunk === undefined) {
      throw new Error(`the recipients of request ${job.id} of campaign ${oneLine(state.facts.id)} are missing`);
    }
    if (state.mode === 'cancelled') {
      const fate = job.interrupted || doubt !== undefined ? 'unknown' : 'notSent';
      return this.#keep(job.id, { recipients: chunk.dests.length, fate, reason: 'the campaign was cancelled' });
    }
    const mayLeave = (): boolean => state.mode === 'running' && !stopping.aborted && job.isHeld();
    const open = job.data.again ? await this.#withoutReported(job.id, chunk) : chunk;
    if (open.dests.length === 0) return this.#keep(job.id, { recipients: chunk.dests.length, fate: 'sent' });
    const leaving: Leaving = { at: doubt?.wall };
    const outcome = await this.breaker
      .run(() => this.#send(job, open, { doubt, mayLeave, stopping, leaving }))
      .catch((error: unknown) => {
        leaving.end?.();
        throw error;
      });
    this.#pauseAfter(outcome);
    if (outcome.kind === 'result') {
      const kept = this.#keep(job.id, { ...outcome.result, recipients: chunk.dests.length, at: leaving.at });
      return { ...kept, written: leaving.end };
    }
    leaving.end?.();
    const data = jobData(outcome.doubt, job.data.again);
    if (stopping.aborted || !mayLeave()) return { kind: 'again', inMs: 0, data, uncounted: true };
    const inMs = Math.min(1_000 * 2 ** Math.min(job.attempt - 1, 10), MAX_RETRY_MS);
    this.#logger.warn(`A request of campaign ${oneLine(state.facts.id)} is retried in ${inMs} ms. ${outcome.why}`);
    return { kind: 'again', inMs, data };
  }

  #send(job: Job<ChunkJob>, chunk: CampaignChunk, { leaving, ...bounds }: SendBounds): Promise<ChunkOutcome> {
    const { engine, sender } = this.context;
    return sender.send({
      record: this.state.facts,
      chunk,
      turns: this.turns,
      storeTime: () => engine.time(),
      atWork: (isAtWork, since) => {
        leaving.at ??= since?.wall;
        const { facts } = this.state;
        if (isAtWork && facts.message.dlr) leaving.end ??= this.context.tracking?.begin(facts, job.id);
        return job.atWork(isAtWork, since && markOf(since));
      },
      ...bounds,
    });
  }

  /** Requests a pause if the outcome demands one. The pause is not awaited: it waits for this very request. */
  #pauseAfter(outcome: ChunkOutcome): void {
    const { onPause } = this.events;
    const waitMs = outcome.met && this.breaker.note(outcome.met);
    const why = outcome.kind === 'later' ? outcome.why : (outcome.result.reason ?? '');
    if (outcome.kind === 'later' && outcome.pause) onPause(outcome.pause, why);
    else if (waitMs !== undefined) onPause('gateway', why, waitMs);
  }

  #keep(id: string, { jobId, at, traceparent, ...rest }: ChunkResult): JobOutcome<ChunkJob> {
    const { tracking } = this.context;
    const result = tracking && this.state.facts.message.dlr ? { ...rest, jobId, at, traceparent } : rest;
    this.events.onResult(id, result);
    const notes = [this.#store.resultNote(id, result)];
    if (jobId !== undefined && result !== rest) notes.push(this.#store.jobNote(jobId, id));
    // They may share the write that marks the next request, which cannot wait.
    return { kind: 'done', notes, notesCanWait: true };
  }

  /** Removes the recipients who have a delivery report: they got the message. */
  async #withoutReported(number: string, chunk: CampaignChunk): Promise<CampaignChunk> {
    const store = await this.context.tracking?.store();
    if (store === undefined) return chunk;
    const statuses = await store.statuses(this.state.facts, number, chunk.dests.length);
    return { ...chunk, dests: chunk.dests.filter((_, i) => statuses[i] === undefined) };
  }
}
