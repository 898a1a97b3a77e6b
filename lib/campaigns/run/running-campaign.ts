import type { Observable } from 'rxjs';
import type { CampaignCounts, CampaignProgress, CampaignReport, PauseReason } from '../campaign.types.js';
import { CampaignCredits } from './campaign-credits.js';
import { CampaignEnd } from './campaign-end.js';
import { CampaignHold } from './campaign-hold.js';
import { CampaignLedger } from '../store/campaign-ledger.js';
import { CampaignMeter, TELL_EVERY_MS } from './campaign-meter.js';
import { CampaignTurns } from './campaign-turns.js';
import type { CampaignParts } from './campaign-parts.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import { CampaignRecords } from '../store/campaign-records.js';
import { CampaignReturn } from './campaign-return.js';
import { CampaignStanding } from './campaign-standing.js';
import { ChunkConsumer } from './chunk-consumer.js';
import { GatewayTrust } from './gateway-trust.js';

/** What others have done is counted again after so many times what the counting took. */
const RECOUNT_FACTOR = 20;

/**
 * A campaign whose requests are durable: hands them out, and knows how far it is. Where several processes share the engine,
 * each has one of these for the same campaign, and follows what the others do.
 */
export class RunningCampaign {
  readonly ledger: CampaignLedger;
  readonly done: Promise<CampaignReport>;
  /** When it was taken up: what was read before tells nothing of it. */
  readonly takenAt = performance.now();
  readonly #records: CampaignRecords;
  readonly #standing: CampaignStanding;
  readonly #meter: CampaignMeter;
  readonly #requests: ChunkConsumer;
  readonly #end: CampaignEnd;
  readonly #hold: CampaignHold;
  readonly #return: CampaignReturn;
  #finished: (report: CampaignReport) => void = () => undefined;
  #released: Promise<void> = Promise.resolve();
  #recountAt = 0;

  constructor(
    private readonly parts: CampaignParts,
    readonly record: CampaignRecord,
  ) {
    const { engine, names, account } = parts;
    this.ledger = new CampaignLedger(engine, names, record);
    const records = (this.#records = new CampaignRecords(engine, names));
    const standing = (this.#standing = new CampaignStanding(record));
    const trust = new GatewayTrust();
    const counts = (): CampaignCounts => this.ledger.counts;
    const credits = new CampaignCredits(parts);
    this.#hold = new CampaignHold({ ...parts, record, records, standing, credits, counts });
    this.#meter = new CampaignMeter(account, record, this.ledger);
    this.#requests = new ChunkConsumer({
      ...parts,
      record,
      turns: new CampaignTurns({
        engine,
        name: names.right(record.id, 'rate'),
        rate: record.rate,
        account: parts.turns,
      }),
      trust,
      onPause: (reason, why, waitMs) => void this.pause(reason, why, waitMs).catch(() => undefined),
      onResult: (name, result) => {
        this.ledger.note(name, result);
        this.#hold.noteResult(result);
        this.#tellSoon();
      },
    });
    this.#end = new CampaignEnd({ ...parts, record, ledger: this.ledger, pending: () => this.#requests.pending() });
    this.#return = new CampaignReturn({
      ...parts,
      ...{ record, credits, counts, trust },
      everyMs: parts.creditsEveryMs,
      goOn: () => this.#goOn(false),
      postpone: (waitMs) => this.#hold.begin('gateway', waitMs),
    });
    this.done = new Promise((resolve) => (this.#finished = resolve));
  }

  get id(): string {
    return this.record.id;
  }

  get isOver(): boolean {
    return this.record.report !== undefined;
  }

  /** Resolves when nothing is held of it any more that was held while it ran. */
  get released(): Promise<void> {
    return this.#released;
  }

  get progress(): Observable<CampaignProgress> {
    return this.#meter.progress;
  }

  snapshot(): CampaignProgress {
    return this.#meter.snapshot();
  }

  /**
   * Takes up what is kept of it: counts what was done, and goes on unless it is paused or over.
   *
   * @param options.isNew Nothing of it was done yet.
   * @param options.isRestart This process has just started.
   */
  async open({ isNew = false, isRestart = false } = {}): Promise<void> {
    const { report, state, reason } = this.record;
    if (report) return this.end(report);
    if (!isNew) await this.ledger.count();
    this.#meter.restart();
    // A restart may have brought other credentials or another sender.
    if (isRestart && state === 'paused' && (reason === 'auth' || reason === 'sender')) await this.#goOn(false);
    else await this.#act();
    await this.#finishIfEmpty();
  }

  /** @param waitMs For so long, where that is known. */
  async pause(reason: PauseReason, why: string, waitMs?: number): Promise<void> {
    const { state } = this.record;
    if (state !== 'running' && !(state === 'paused' && reason === 'user')) return;
    // First of all nothing more goes out.
    const paused = this.#hold.begin(reason, waitMs);
    const stopped = this.#requests.stop();
    await paused;
    if (reason !== 'user') await this.#hold.tell(reason, why);
    await stopped;
    await this.#act();
    // The requests that were on their way may have been the last.
    await this.#finishIfEmpty();
  }

  async resume(): Promise<void> {
    const { state } = this.record;
    // Where others may have paused it just now, what is known here does not count.
    if (state !== 'paused' && !(state === 'running' && this.parts.engine.isShared)) return;
    await this.#goOn(true);
    await this.#finishIfEmpty();
  }

  async cancel(): Promise<CampaignReport> {
    const { report, state } = this.record;
    if (report) return report;
    if (state !== 'cancelled') await this.#records.cancel(this.record);
    await this.#standing.change({ state: 'cancelled', reason: undefined });
    // The requests that wait are handed out, and not sent.
    await this.#act();
    await this.#finishIfEmpty();
    return this.done;
  }

  /**
   * Takes over what another process may have changed, and looks what it has done.
   *
   * @param seen The campaign as it was read.
   * @param seenAt When the reading began: what this process changed since then counts.
   */
  async follow(seen: CampaignRecord, seenAt: number): Promise<void> {
    if (this.isOver) return;
    const hasRun = this.record.state === 'running';
    if (this.#standing.adopt(seen, seenAt)) {
      if (!hasRun) this.#meter.restart();
      // Not awaited: it may wait for requests that are on their way.
      this.#act().catch(() => undefined);
    }
    if (performance.now() >= this.#recountAt) await this.#recount();
    await this.#finishIfEmpty();
  }

  /** What is kept of it was changed besides its requests. */
  async lookAgain(): Promise<void> {
    await this.#recount();
    await this.#finishIfEmpty();
  }

  /** Counts again, with what others have done. */
  async #recount(): Promise<void> {
    const began = performance.now();
    await this.ledger.count();
    const now = performance.now();
    this.#recountAt = now + (now - began) * RECOUNT_FACTOR;
    this.#tell();
  }

  /** The application ends. */
  async close(): Promise<void> {
    this.#return.stop();
    await this.#requests.stop();
    this.#meter.end();
  }

  /** It is over. */
  end(report: CampaignReport): void {
    if (this.isOver && this.record.report !== report) return;
    this.#return.stop();
    Object.assign(this.record, { state: report.state, reason: undefined, resumesAt: undefined, report });
    this.ledger.trust(report);
    // Nothing is lost with what could not be let go of.
    this.#released = this.#requests.release().catch(() => undefined);
    this.#meter.tell();
    this.#meter.end();
    this.#finished(report);
  }

  /** The store has lost it before its end was seen here. */
  endUnseen(): void {
    this.end(this.#end.reportUnseen());
  }

  async #goOn(isByPerson: boolean): Promise<void> {
    const hasRun = this.record.state === 'running';
    await this.#records.resume(this.record, isByPerson);
    await this.#standing.change({ state: 'running', reason: undefined });
    if (!hasRun) this.#meter.restart();
    await this.#act();
  }

  /** Does what its state asks for, whatever it did before. */
  async #act(): Promise<void> {
    const { state } = this.record;
    this.#tell();
    if (this.isOver) return;
    if (state === 'paused') {
      if (!this.parts.stopping.aborted) this.#return.start();
      return this.#requests.stop();
    }
    this.#return.end();
    // What waits for its turn is not to be sent any more.
    if (state === 'cancelled') this.#requests.endWaiting();
    await this.#requests.start();
  }

  /** Looks whether nothing is left. */
  async #finishIfEmpty(): Promise<void> {
    if (this.isOver || this.parts.stopping.aborted) return;
    const outcome = await this.#end.look();
    if (typeof outcome === 'object') return this.end(outcome);
    // Where others work on it too, the next look at all of them will see.
    const isNear = this.ledger.counts.pending <= 0 && !this.parts.engine.isShared;
    if (outcome === 'busy' || isNear) this.#tellSoon(outcome === 'busy' ? TELL_EVERY_MS : undefined);
  }

  #tellSoon(ms = this.ledger.counts.pending > 0 ? TELL_EVERY_MS : 2): void {
    if (this.parts.stopping.aborted || this.isOver) return;
    this.#meter.tellIn(ms, () => {
      this.#finishIfEmpty().catch(() => this.#tellSoon(TELL_EVERY_MS));
    });
  }

  #tell(): void {
    if (!this.isOver) this.#meter.tell();
  }
}
