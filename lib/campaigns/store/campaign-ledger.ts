import type { DlrStatus } from '../../dto/dlr.js';
import { isFinalStatus } from '../../dto/monotonic.js';
import type { QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignCounts, CampaignFate, CampaignInput, DeliveryFate } from '../campaign.types.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from './campaign-record.js';
import { ChunkStore } from './chunk-store.js';
import type { DeliveryCounts } from './delivery-states.js';
import type { DeliveryStore } from './delivery-store.js';
import { addResult, OwnResults, type CountedResult, type Settled } from './own-results.js';

type Delivered = Required<Pick<CampaignCounts, DeliveryFate>>;

const NOTHING: Settled = { sent: 0, rejected: 0, notSent: 0, unknown: 0 };
const NO_DELIVERY: Delivered = { delivered: 0, undelivered: 0, noReportYet: 0, missing: 0 };
const NO_REPORTS: DeliveryCounts = { delivered: 0, undelivered: 0, reported: 0 };

/** Source of the delivery reports of a ledger. */
export interface LedgerDeliveries {
  store: () => Promise<DeliveryStore>;
  /** Milliseconds from when a message was due until its report is missing. */
  missingAfterMs: number;
}

const MINUTE_MS = 60_000;
/** More results than can ever wait for a write: an older one is in the store. */
const MOST_OWN = 2_000;

/** Fates of the recipients of a campaign, counted from the results in the store, so that no count can differ from them. */
export class CampaignLedger {
  readonly #store: ChunkStore;
  readonly #deliveries: LedgerDeliveries | undefined;
  #delivered: Delivered = { ...NO_DELIVERY };
  #settled: Settled = { ...NOTHING };
  readonly #own = new OwnResults();
  #counting: Promise<void> | undefined;

  constructor(
    engine: QueueEngine,
    names: CampaignNames,
    private readonly record: CampaignRecord,
    /** Unset without the option `tracking`. */
    deliveries?: LedgerDeliveries,
  ) {
    this.#store = new ChunkStore(engine, names, record);
    this.#deliveries = record.message.dlr ? deliveries : undefined;
  }

  /** Whether delivery reports are counted as well: they change the counts also after the end of the campaign. */
  get isTracked(): boolean {
    return this.#deliveries !== undefined;
  }

  get counts(): CampaignCounts {
    const { total, recipients, invalid, duplicate } = this.record;
    const own = this.#own.settled;
    const sent = this.#settled.sent + own.sent;
    const rejected = this.#settled.rejected + own.rejected;
    const notSent = this.#settled.notSent + own.notSent;
    const unknown = this.#settled.unknown + own.unknown;
    const pending = recipients - sent - rejected - notSent - unknown;
    const counts = { total, pending, sent, rejected, notSent, unknown, invalid, duplicate };
    if (!this.isTracked) return counts;
    return { ...counts, ...this.#delivered, noReportYet: this.#delivered.noReportYet + own.sent };
  }

  /** Counts the results in the store, and those of this process that are being written. */
  async count(): Promise<void> {
    // A count in progress may have read the store before the change that the caller wants to see.
    await this.#counting?.catch(() => undefined);
    this.#counting ??= this.#count().finally(() => (this.#counting = undefined));
    await this.#counting;
  }

  /** Counts only the results in the store. */
  async countKept(): Promise<void> {
    await this.count();
    this.#own.clear();
  }

  /** Uses the counts in the report of a finished campaign, without reading its results. */
  useReport({ sent, rejected, notSent, unknown, ...rest }: Settled & Partial<Delivered>): void {
    this.#own.clear();
    const { delivered = 0, undelivered = 0, noReportYet = sent, missing = 0 } = rest;
    this.#delivered = { delivered, undelivered, noReportYet, missing };
    this.#settled = { sent, rejected, notSent, unknown };
  }

  /** Counts a result of this process that is durable, or is being written. */
  note(number: string, result: ChunkResult): void {
    this.#own.add(number, result);
    if (this.#own.size > MOST_OWN && !this.#counting) this.#merge();
  }

  /** The requests whose outcome is unknown. */
  async *unknown(): AsyncIterable<{ number: string; result: ChunkResult }> {
    for await (const { number, result } of this.#store.results()) {
      if (result.fate === 'unknown') yield { number, result };
    }
  }

  /** How many recipients of a request have a delivery report. */
  async reported(number: string, { recipients }: ChunkResult): Promise<number> {
    const store = await this.#deliveries?.store();
    const statuses = (await store?.statuses(this.record, number, recipients)) ?? [];
    return statuses.filter((status) => status !== undefined).length;
  }

  /** The recipients of a fate, read from the store one by one. */
  async *inputs(fate: CampaignFate): AsyncIterable<CampaignInput> {
    if (fate === 'invalid' || fate === 'duplicate') {
      yield* this.#store.leftOut(fate);
      return;
    }
    const deliveries = await this.#deliveries?.store();
    if (deliveries === undefined && isDeliveryFate(fate)) return;
    for await (const { number, result } of this.#store.results()) {
      if (!holds(result, fate, deliveries !== undefined)) continue;
      const chunk = await this.#store.chunk(number);
      // The campaign has been removed meanwhile.
      if (chunk === undefined) return;
      const statuses = await deliveries?.statuses(this.record, number, chunk.dests.length);
      if (isDeliveryFate(fate)) yield* deliveryInputs(chunk, result, fate, { statuses, isLate: this.#isLate(result) });
      else yield* inputsOf(chunk, result, fate, statuses);
    }
  }

  #isLate({ at }: CountedResult): boolean {
    const { missingAfterMs = Infinity } = this.#deliveries ?? {};
    const heldMs = (this.record.message.delay ?? 0) * MINUTE_MS;
    return at !== undefined && at + heldMs + missingAfterMs < Date.now();
  }

  async #count(): Promise<void> {
    const settled = { ...NOTHING };
    const delivered = { ...NO_DELIVERY };
    const before = this.#own.numbers();
    const seen: string[] = [];
    const reports = await this.#reports();
    for await (const { number, result } of this.#store.results()) {
      const counts = (await reports?.of(number)) ?? NO_REPORTS;
      addResult(settled, result, counts.reported);
      addDelivered(delivered, result, counts, this.#isLate(result));
      if (this.#own.has(number)) seen.push(number);
    }
    this.#settled = settled;
    this.#delivered = delivered;
    for (const number of seen) this.#own.delete(number);
    // A result that two counts do not find is gone: `resolveUnknown` has removed it.
    this.#own.age(before);
  }

  async #reports(): Promise<ReportCounts | undefined> {
    const store = await this.#deliveries?.store();
    return store && ReportCounts.read(store.counts(this.record));
  }

  /** Merges the older half of the results of this process into the counts: memory stays bounded, however seldom the store is read. */
  #merge(): void {
    for (const result of this.#own.take(MOST_OWN / 2)) {
      addResult(this.#settled, result);
      addDelivered(this.#delivered, result, NO_REPORTS, false);
    }
  }
}

/** Report counts of requests, to be read in the order of request numbers. */
class ReportCounts {
  #next: { number: string; counts: DeliveryCounts } | undefined;

  private constructor(private readonly source: AsyncIterator<{ number: string; counts: DeliveryCounts }>) {}

  static async read(source: AsyncIterable<{ number: string; counts: DeliveryCounts }>): Promise<ReportCounts> {
    const counts = new ReportCounts(source[Symbol.asyncIterator]());
    await counts.#advance();
    return counts;
  }

  async of(number: string): Promise<DeliveryCounts | undefined> {
    while (this.#next && this.#next.number < number) await this.#advance();
    return this.#next?.number === number ? this.#next.counts : undefined;
  }

  async #advance(): Promise<void> {
    const { done, value } = await this.source.next();
    this.#next = done === true ? undefined : value;
  }
}

function addDelivered(
  all: Delivered,
  { recipients, fate, rejected = 0 }: CountedResult,
  counts: DeliveryCounts,
  isLate: boolean,
): void {
  const sent = fate === 'sent' ? recipients - rejected : counts.reported;
  const { delivered, undelivered } = counts;
  all.delivered += delivered;
  all.undelivered += undelivered;
  all[isLate ? 'missing' : 'noReportYet'] += Math.max(0, sent - delivered - undelivered);
}

function holds({ recipients, fate, rejected = 0 }: ChunkResult, wanted: CampaignFate, isTracked: boolean): boolean {
  if (wanted === 'rejected') return rejected > 0;
  if (isDeliveryFate(wanted)) return fate !== 'sent' || rejected < recipients;
  // A recipient with a report was sent to, whatever the outcome of the request.
  if (isTracked && wanted === 'sent' && fate !== 'sent') return true;
  return fate === wanted && rejected < recipients;
}

const DELIVERY_FATES: readonly CampaignFate[] = ['delivered', 'undelivered', 'noReportYet', 'missing'];
const isDeliveryFate = (fate: CampaignFate): fate is DeliveryFate => DELIVERY_FATES.includes(fate);

function* deliveryInputs(
  { dests }: CampaignChunk,
  { fate, recipients, rejected, rejectedDests = [] }: ChunkResult,
  wanted: DeliveryFate,
  { statuses = [], isLate }: { statuses?: readonly (DlrStatus | undefined)[]; isLate: boolean },
): Iterable<CampaignInput> {
  const refused = new Set(rejected === recipients ? dests : rejectedDests);
  for (const [i, dest] of dests.entries()) {
    const status = statuses[i];
    if (status === undefined && (fate !== 'sent' || refused.has(dest))) continue;
    if (deliveryFateOf(status, isLate) === wanted) yield { dest, reason: status };
  }
}

function deliveryFateOf(status: DlrStatus | undefined, isLate: boolean): DeliveryFate {
  if (status === 'delivered') return status;
  if (status !== undefined && isFinalStatus(status)) return 'undelivered';
  return isLate ? 'missing' : 'noReportYet';
}

function* inputsOf(
  { dests }: CampaignChunk,
  { fate, rejected = 0, rejectedDests = [], reason }: ChunkResult,
  wanted: CampaignFate,
  statuses: readonly unknown[] = [],
): Iterable<CampaignInput> {
  if (fate !== 'sent') {
    for (const [i, dest] of dests.entries()) {
      const isProven = statuses[i] !== undefined;
      if (isProven && wanted === 'sent') yield { dest, reason: 'its delivery report has come' };
      if (!isProven && wanted === fate) yield { dest, reason };
    }
    return;
  }
  const refused = new Set(rejected === dests.length ? dests : rejectedDests);
  // The gateway counts the rejected ones, but need not name them.
  const unnamed = rejected - refused.size;
  const doubt =
    unnamed > 0
      ? `one of ${dests.length - refused.size} of which the gateway rejected ${unnamed} without naming them`
      : undefined;
  for (const dest of dests) {
    if (refused.has(dest) === (wanted === 'rejected')) yield wanted === 'sent' ? { dest, reason: doubt } : { dest };
  }
}
