import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { BehaviorSubject, defer, of, type Observable } from 'rxjs';
import { describeText } from '../../message/describe-text.js';
import type { DurableQueue, Job, QueueConsumer, QueueEngine, Verdict } from '../../queue/durable-queue.js';
import { RateLimiter } from '../rate-limiter.js';
import type { CampaignPaused, CampaignProgress, CampaignReport, CreditsLow, PauseReason } from './campaign.types.js';
import { CampaignLedger } from './campaign-ledger.js';
import type { CampaignChunk, CampaignNames, CampaignRecord, ChunkResult } from './campaign-record.js';
import type { ChunkSender } from './chunk-sender.js';

/** Progress is told no more often. */
const TELL_EVERY_MS = 200;
const LONGEST_RETRY_MS = 60_000;

/** What a campaign runs with. */
export interface CampaignParts {
  engine: QueueEngine;
  names: CampaignNames;
  account: string;
  sender: ChunkSender;
  getCredits: () => Promise<number>;
  creditsEveryMs: number;
  announce: {
    paused(event: CampaignPaused): void;
    creditsLow(event: CreditsLow): void;
  };
  /** Aborted when the application ends. */
  stopping: AbortSignal;
}

/** A campaign whose requests are durable: hands them out, keeps what became of them, and knows how far it is. */
export class RunningCampaign {
  readonly ledger: CampaignLedger;
  readonly done: Promise<CampaignReport>;
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #queue: DurableQueue<CampaignChunk>;
  readonly #limiter: RateLimiter;
  readonly #progress: BehaviorSubject<CampaignProgress>;
  #finished: (report: CampaignReport) => void = () => undefined;
  #consumer: QueueConsumer | undefined;
  /** Until what was handed out before is settled. */
  #stopped: Promise<unknown> = Promise.resolve();
  #ranSince = performance.now();
  #settledBefore = 0;
  #telling: NodeJS.Timeout | undefined;
  #creditsTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly parts: CampaignParts,
    readonly record: CampaignRecord,
  ) {
    const { engine, names } = parts;
    this.ledger = new CampaignLedger(engine, names, record);
    this.#queue = engine.queue(names.queue(record.id));
    this.#limiter = new RateLimiter({ requestsPerSecond: record.rate });
    this.#progress = new BehaviorSubject(this.snapshot());
    this.done = new Promise((resolve) => (this.#finished = resolve));
  }

  get id(): string {
    return this.record.id;
  }

  get progress(): Observable<CampaignProgress> {
    // A subject that has completed tells nothing any more.
    return defer(() => (this.record.report ? of(this.snapshot()) : this.#progress));
  }

  snapshot(): CampaignProgress {
    const { id, state, reason, parts } = this.record;
    const counts = this.ledger.counts;
    const settled = counts.total - counts.pending;
    const seconds = (performance.now() - this.#ranSince) / 1_000;
    const perSecond = state === 'running' && seconds > 0 ? (settled - this.#settledBefore) / seconds : 0;
    const leftMs = perSecond > 0 ? Math.round((counts.pending / perSecond) * 1_000) : undefined;
    return { id, account: this.parts.account, state, reason, parts, ...counts, perSecond, leftMs };
  }

  /**
   * Takes up what is kept of it: counts what was done, and goes on unless it is paused or over.
   *
   * @param options.isNew Nothing of it was done yet.
   */
  async open({ isNew = false } = {}): Promise<void> {
    const { report, state, reason } = this.record;
    if (report) {
      this.ledger.trust(report);
      return this.#end(report);
    }
    if (!isNew) await this.ledger.count();
    if (state === 'cancelled') {
      await this.#consume();
      return this.#finishIfEmpty();
    }
    // A restart may have brought other credentials or another sender.
    if (state === 'paused' && reason !== 'auth' && reason !== 'sender') {
      if (reason === 'credits' || reason === 'quietHours') this.#watch();
      return this.#tell();
    }
    await this.#run();
  }

  async pause(reason: PauseReason, why: string): Promise<void> {
    const { state } = this.record;
    if (state === 'paused' && reason === 'user') {
      clearTimeout(this.#creditsTimer);
      return this.#save({ reason });
    }
    if (state !== 'running') return;
    // First of all nothing more goes out.
    const stopped = this.stop();
    await this.#save({ state: 'paused', reason });
    if (reason !== 'user') {
      this.#logger.warn(`Campaign ${this.id} (account ${this.parts.account}) is paused (${reason}): ${why}`);
      this.parts.announce.paused({ id: this.id, account: this.parts.account, reason, why });
    }
    if (reason === 'credits') await this.#tellCreditsLow();
    await stopped;
    if (reason === 'credits' || reason === 'quietHours') this.#watch();
    this.#tell();
  }

  async resume(): Promise<void> {
    if (this.record.state !== 'paused') return;
    await this.#run();
  }

  async cancel(): Promise<CampaignReport> {
    const { report, state } = this.record;
    if (report) return report;
    await this.#save({ state: 'cancelled', reason: undefined });
    // The requests that wait are handed out, and not sent.
    if (state === 'paused') await this.#consume();
    await this.#finishIfEmpty();
    return this.done;
  }

  /**
   * Settles what is unknown. What is sent again is added to the requests that wait; whoever calls sees to it that they are
   * handed out.
   */
  async resolveUnknown(fate: 'sent' | 'sendAgain'): Promise<number> {
    let count = 0;
    for await (const { name, result } of this.ledger.unknown()) {
      const { dests, body } = result;
      count += dests.length;
      const settled: ChunkResult = { dests, body, fate: 'sent' };
      if (fate === 'sent') {
        await this.parts.engine.note(name, JSON.stringify(settled));
        continue;
      }
      // Before the first of them: a process that ends now must not find the campaign over.
      if (this.record.report) await this.#save({ state: 'running', report: undefined });
      await this.#queue.add([{ id: randomUUID(), data: { dests, body } }], [{ name }]);
    }
    await this.ledger.count();
    const { report } = this.record;
    if (report && fate === 'sent') await this.#save({ report: { ...report, ...this.ledger.counts } });
    if (!report) this.#tell();
    return count;
  }

  /** Hands nothing out any more; resolves when no request is on its way. */
  async stop(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    clearTimeout(this.#creditsTimer);
    if (consumer) this.#stopped = Promise.all([this.#stopped, consumer.stop()]);
    // Whoever stops it a second time waits as well: the store may be closed next.
    await this.#stopped;
  }

  /** The application ends. */
  async close(): Promise<void> {
    await this.stop();
    clearTimeout(this.#telling);
    this.#progress.complete();
  }

  /** Compares what is left with the balance, and says so when that does not cover it. */
  async compareCredits(): Promise<void> {
    const credits = await this.parts.getCredits().catch(() => undefined);
    const needed = this.record.parts;
    if (credits !== undefined && credits < needed) this.#sayCreditsLow(credits, needed);
  }

  async #run(): Promise<void> {
    clearTimeout(this.#creditsTimer);
    if (this.record.state !== 'running') await this.#save({ state: 'running', reason: undefined });
    this.#ranSince = performance.now();
    const { total, pending } = this.ledger.counts;
    this.#settledBefore = total - pending;
    this.#tell();
    await this.#consume();
    await this.#finishIfEmpty();
  }

  async #consume(): Promise<void> {
    await this.#stopped;
    if (this.parts.stopping.aborted) return;
    const { concurrency } = this.record;
    this.#consumer ??= this.#queue.consume((job) => this.#handle(job), { concurrency });
  }

  async #handle(job: Job<CampaignChunk>): Promise<Verdict<CampaignChunk>> {
    const { record, parts } = this;
    const { data: chunk, id, interruptedAt } = job;
    if (record.state === 'cancelled') {
      const isInDoubt = job.interrupted || chunk.doubtSince !== undefined;
      const fate = isInDoubt ? 'unknown' : 'notSent';
      return this.#keep(id, { ...withoutDoubt(chunk), fate, reason: 'the campaign was cancelled' });
    }
    if (record.state === 'paused') {
      const doubtSince = chunk.doubtSince ?? interruptedAt;
      return { kind: 'again', inMs: 0, data: { ...withoutDoubt(chunk), doubtSince }, uncounted: true };
    }
    const outcome = await parts.sender.send({
      record,
      chunk,
      limiter: this.#limiter,
      interruptedAt,
      stopping: parts.stopping,
    });
    if (outcome.kind === 'result') return this.#keep(id, outcome.result);
    const data = { ...withoutDoubt(chunk), doubtSince: outcome.doubtSince };
    if (outcome.pause) {
      // Not awaited: it waits for this very chunk.
      void this.pause(outcome.pause, outcome.why).catch(() => undefined);
      return { kind: 'again', inMs: 0, data, uncounted: true };
    }
    if (parts.stopping.aborted) return { kind: 'again', inMs: 0, data, uncounted: true };
    const inMs = Math.min(1_000 * 2 ** Math.min(job.attempt - 1, 10), LONGEST_RETRY_MS);
    this.#logger.warn(`A request of campaign ${this.id} is tried again in ${inMs} ms. ${outcome.why}`);
    return { kind: 'again', inMs, data };
  }

  #keep(id: string, result: ChunkResult): Verdict<CampaignChunk> {
    this.ledger.note(result);
    this.#tellSoon();
    const name = this.parts.names.list(this.id, 'result') + id;
    return { kind: 'done', notes: [{ name, text: JSON.stringify(result) }] };
  }

  /** Looks whether nothing is left. What is counted then is what is durable. */
  async #finishIfEmpty(): Promise<void> {
    const left = await this.#queue.pending();
    if (this.record.report || this.parts.stopping.aborted) return;
    if (left > 0) {
      if (this.ledger.counts.pending <= 0) this.#tellSoon();
      return;
    }
    await this.ledger.count();
    if (this.ledger.counts.pending > 0) {
      // The last results are being written. Writes keep their order: when this one is durable, all of them are.
      await this.#save({});
      await this.ledger.count();
    }
    if (this.record.report) return;
    const { id, state, parts, startedAt } = this.record;
    const over = {
      id,
      account: this.parts.account,
      state: state === 'cancelled' ? state : ('done' as const),
      parts,
      startedAt,
    };
    const report: CampaignReport = { ...over, ...this.ledger.counts, finishedAt: new Date().toISOString() };
    await this.#save({ state: report.state, reason: undefined, report });
    const { sent, rejected, invalid, duplicate, notSent, unknown } = report;
    this.#logger.log(
      `Campaign ${id} is ${report.state}: ${sent} sent, ${rejected} rejected, ${invalid} invalid, ${duplicate} duplicates, ${notSent} not sent, ${unknown} unknown`,
    );
    void this.stop();
    this.#end(report);
  }

  #end(report: CampaignReport): void {
    clearTimeout(this.#telling);
    this.#progress.next(this.snapshot());
    this.#progress.complete();
    this.#finished(report);
  }

  #tellSoon(): void {
    if (this.parts.stopping.aborted) return;
    const delayMs = this.ledger.counts.pending > 0 ? TELL_EVERY_MS : 2;
    if (this.#telling && delayMs === TELL_EVERY_MS) return;
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => {
      this.#tell();
      this.#finishIfEmpty().catch(() => this.#tellSoon());
    }, delayMs);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#progress.next(this.snapshot());
  }

  /** Goes on by itself once there is something to go on with. */
  #watch(): void {
    clearTimeout(this.#creditsTimer);
    if (this.parts.stopping.aborted) return;
    const look = async (): Promise<void> => {
      if (this.record.state !== 'paused') return;
      const isReady =
        this.record.reason !== 'credits' || (await this.parts.getCredits().catch(() => 0)) >= this.#nextParts();
      if (isReady) await this.resume().catch(() => this.#watch());
      else this.#watch();
    };
    this.#creditsTimer = setTimeout(() => void look(), this.parts.creditsEveryMs);
  }

  /** What the next request may cost: a whole one, of a text like all others. */
  #nextParts(): number {
    const { pending } = this.ledger.counts;
    return Math.min(pending, 500) * describeText(this.record.message.body).parts;
  }

  async #tellCreditsLow(): Promise<void> {
    const credits = await this.parts.getCredits().catch(() => undefined);
    const { pending } = this.ledger.counts;
    const { parts, recipients } = this.record;
    this.#sayCreditsLow(credits, Math.ceil((parts * pending) / Math.max(1, recipients)));
  }

  #sayCreditsLow(credits: number | undefined, needed: number): void {
    this.#logger.warn(
      `The balance of account ${this.parts.account} (${credits ?? 'not known'}) may not cover campaign ${this.id}: ${needed} parts are still to be sent`,
    );
    this.parts.announce.creditsLow({ account: this.parts.account, id: this.id, credits, needed });
  }

  async #save(changes: Partial<CampaignRecord>): Promise<void> {
    Object.assign(this.record, changes);
    await this.parts.engine.note(this.parts.names.record(this.id), JSON.stringify(this.record));
  }
}

const withoutDoubt = ({ dests, body }: CampaignChunk): CampaignChunk => ({ dests, body });
