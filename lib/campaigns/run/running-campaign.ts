import type { Observable } from 'rxjs';
import { Campaign } from '../campaign.js';
import type {
  CampaignCounts,
  CampaignFate,
  CampaignInput,
  CampaignProgress,
  CampaignReport,
  PauseReason,
} from '../campaign.types.js';
import { campaignInputs } from '../store/campaign-inputs.js';
import { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import { CampaignRecords } from '../store/campaign-records.js';
import { ChunkStore } from '../store/chunk-store.js';
import { AutoResume } from './auto-resume.js';
import type { CampaignContext } from './campaign-context.js';
import { CampaignCredits } from './campaign-credits.js';
import { CampaignEnd } from './campaign-end.js';
import { CampaignState } from './campaign-state.js';
import { CampaignTurns } from './campaign-turns.js';
import { Chunks } from './chunks.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { PauseNotices } from './pause-notices.js';
import { ProgressMeter, EMIT_EVERY_MS } from './progress-meter.js';
import { Recounts } from './recounts.js';

/**
 * A campaign whose requests are durable. Where several processes share the engine, each has an object of this class for the same
 * campaign: all of them send, and each follows the changes of the others.
 */
export class RunningCampaign extends Campaign {
  readonly done: Promise<CampaignReport>;
  /** When this object was made (`performance.now()`). An earlier read of the store may not contain the campaign. */
  readonly openedAt = performance.now();
  // Private to the runtime too: an application may print a campaign, or return it from a controller.
  readonly #context: CampaignContext;
  readonly #ledger: CampaignLedger;
  readonly #state: CampaignState;
  readonly #meter: ProgressMeter;
  readonly #chunks: Chunks;
  readonly #end: CampaignEnd;
  readonly #notices: PauseNotices;
  readonly #autoResume: AutoResume;
  readonly #recounts: Recounts;
  #finished: (report: CampaignReport) => void = () => undefined;
  #released: Promise<void> = Promise.resolve();

  constructor(context: CampaignContext, record: CampaignRecord) {
    super();
    this.#context = context;
    const { engine, names, account } = context;
    this.#ledger = new CampaignLedger(engine, names, record, context.tracking?.deliveries);
    const state = (this.#state = new CampaignState(record, new CampaignRecords(engine, names)));
    const breaker = new CircuitBreaker();
    const credits = new CampaignCredits(context);
    const rate = { name: names.lock(record.id, 'rate'), rate: record.rate };
    this.#notices = new PauseNotices(context, state, credits);
    this.#meter = new ProgressMeter(account, state, this.#ledger);
    this.#recounts = new Recounts(this.#ledger, () => this.#emit());
    const turns = new CampaignTurns({ engine, ...rate, account: context.turns });
    this.#chunks = new Chunks(context, state, turns, breaker, {
      onPause: (reason, why, waitMs) => void this.#pause(reason, why, waitMs).catch(() => undefined),
      onResult: (number, result) => {
        this.#ledger.note(number, result);
        this.#notices.noteResult(result);
        this.#emitSoon();
      },
    });
    this.#end = new CampaignEnd(context, state, this.#ledger, () => this.#chunks.pending());
    const counts = (): CampaignCounts => this.#ledger.counts;
    this.#autoResume = new AutoResume(context, state, credits, breaker, counts, () => this.#resume(false));
    this.done = new Promise((resolve) => (this.#finished = resolve));
  }

  get state(): CampaignState {
    return this.#state;
  }

  get id(): string {
    return this.#state.facts.id;
  }

  /** Resolves when this process has released the queue of the campaign. */
  get released(): Promise<void> {
    return this.#released;
  }

  get progress(): Observable<CampaignProgress> {
    return this.#meter.progress;
  }

  toJSON(): CampaignProgress {
    return this.snapshot();
  }

  snapshot(): CampaignProgress {
    return this.#meter.snapshot();
  }

  inputs(fate: CampaignFate): AsyncIterable<CampaignInput> {
    const { engine, names, tracking } = this.#context;
    const { facts } = this.#state;
    return campaignInputs(new ChunkStore(engine, names, facts), facts, fate, tracking?.deliveries);
  }

  async pause(): Promise<void> {
    await this.#pause('user', 'by request');
  }

  async resume(): Promise<void> {
    const { mode } = this.#state;
    // Also while it runs in this process: another one may have paused it.
    if (mode !== 'paused' && mode !== 'running') return;
    await this.#resume(true);
    await this.#finishIfEmpty();
  }

  async cancel(): Promise<CampaignReport> {
    if (this.#state.report) return this.#state.report;
    await this.#state.cancel();
    // The waiting requests are taken from the queue and settled as not sent.
    await this.#applyMode();
    await this.#finishIfEmpty();
    return this.done;
  }

  /**
   * Counts the results in the store, and sends unless the campaign is paused or over.
   *
   * @param options.isNew The campaign has no results yet.
   * @param options.isRestart This process has just started.
   */
  async open({ isNew = false, isRestart = false } = {}): Promise<void> {
    const { report, mode, reason } = this.#state;
    if (report) {
      if (this.#ledger.isTracked) await this.#ledger.count();
      return this.end(report);
    }
    this.#recounts.follow(this.#context.tracking, this.#state.facts);
    if (!isNew) await this.#ledger.count();
    this.#meter.restart();
    // A restart may have brought other credentials or another sender.
    if (isRestart && mode === 'paused' && (reason === 'auth' || reason === 'sender')) await this.#resume(false);
    else await this.#applyMode();
    await this.#finishIfEmpty();
  }

  /**
   * Adopts changes of other processes, and counts their results.
   *
   * @param seen The campaign as it was read from the store.
   * @param seenAt When the read started (`performance.now()`).
   */
  async follow(seen: CampaignRecord, seenAt: number): Promise<void> {
    if (this.#state.isOver) return;
    const hasRun = this.#state.mode === 'running';
    if (this.#state.adopt(seen, seenAt)) {
      if (!hasRun) this.#meter.restart();
      // Not awaited: it may wait for requests in flight.
      this.#applyMode().catch(() => undefined);
    }
    if (this.#recounts.isDue) await this.#recounts.count();
    await this.#finishIfEmpty();
  }

  /** Counts again after `resolveUnknown` has changed results in the store. */
  async refresh(): Promise<void> {
    await this.#recounts.count();
    await this.#finishIfEmpty();
  }

  /** Stops sending: the application shuts down. */
  async close(): Promise<void> {
    this.#recounts.stop();
    this.#autoResume.stop();
    await this.#chunks.stop();
    this.#meter.end();
  }

  /** Ends the campaign in this process. */
  end(report: CampaignReport): void {
    if (!this.#state.end(report)) return;
    this.#autoResume.stop();
    // Delivery reports still change the counts of a tracked campaign.
    if (!this.#ledger.isTracked) this.#ledger.useReport(report);
    this.#recounts.stop();
    // A queue that could not be released holds no job any more.
    this.#released = this.#chunks.release().catch(() => undefined);
    this.#meter.emit();
    this.#meter.end();
    this.#finished(report);
  }

  /** Ends a campaign that is gone from the store, and whose end this process has not seen. */
  endMissing(): void {
    this.end(this.#end.reportMissing());
  }

  /** @param waitMs Milliseconds until the pause ends, where that is known. */
  async #pause(reason: PauseReason, why: string, waitMs?: number): Promise<void> {
    if (!this.#state.canPause(reason)) return;
    // No further request may leave while the pause is being written.
    const paused = this.#state.pause(reason, waitMs);
    const stopped = this.#chunks.stop();
    await paused;
    if (reason !== 'user') await this.#notices.report(reason, why, this.#ledger.counts);
    await stopped;
    await this.#applyMode();
    // The requests that were in flight may have been the last ones.
    await this.#finishIfEmpty();
  }

  async #resume(isByUser: boolean): Promise<void> {
    const hasRun = this.#state.mode === 'running';
    await this.#state.resume(isByUser);
    if (!hasRun) this.#meter.restart();
    await this.#applyMode();
  }

  /** Starts or stops sending, as the current mode demands. */
  async #applyMode(): Promise<void> {
    const state = this.#state;
    this.#emit();
    if (state.isOver) return;
    if (state.mode === 'paused') {
      if (!this.#context.stopping.aborted) this.#autoResume.start();
      return this.#chunks.stop();
    }
    this.#autoResume.end();
    // Requests that wait for their turn must not leave.
    if (state.mode === 'cancelled') this.#chunks.endWaiting();
    await this.#chunks.start();
  }

  /** Ends the campaign if no request is left. */
  async #finishIfEmpty(): Promise<void> {
    if (this.#state.isOver || this.#context.stopping.aborted) return;
    const outcome = await this.#end.check();
    if (typeof outcome === 'object') return this.end(outcome);
    if (outcome === 'busy') this.#emitSoon(EMIT_EVERY_MS);
    // The last results are being written.
    else if (this.#ledger.counts.pending <= 0) this.#emitSoon();
  }

  #emitSoon(ms = this.#ledger.counts.pending > 0 ? EMIT_EVERY_MS : 2): void {
    if (this.#context.stopping.aborted || this.#state.isOver) return;
    this.#meter.emitIn(ms, () => {
      this.#finishIfEmpty().catch(() => this.#emitSoon(EMIT_EVERY_MS));
    });
  }

  #emit(): void {
    if (!this.#state.isOver) this.#meter.emit();
  }
}
