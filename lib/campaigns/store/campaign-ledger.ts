import type { QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignCounts, DeliveryFate } from '../campaign.types.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignRecord, ChunkResult } from './campaign-record.js';
import { ChunkStore } from './chunk-store.js';
import type { DeliveryCounts } from './delivery-states.js';
import type { CampaignDeliveries } from './delivery-store.js';
import { deliveriesOf, isOverdue } from './tracked-campaign.js';
import { addResult, OwnResults, type CountedResult, type Settled } from './own-results.js';

type Delivered = Required<Pick<CampaignCounts, DeliveryFate>>;

const NOTHING: Settled = { sent: 0, rejected: 0, notSent: 0, unknown: 0 };
const NO_DELIVERY: Delivered = { delivered: 0, undelivered: 0, noReportYet: 0, missing: 0 };
const NO_REPORTS: DeliveryCounts = { delivered: 0, undelivered: 0, reported: 0 };

/** More results than can ever wait for a write: an older one is in the store. */
const MOST_OWN = 2_000;

/** Fates of the recipients of a campaign, counted from the results in the store, so that no count can differ from them. */
export class CampaignLedger {
  readonly #store: ChunkStore;
  readonly #deliveries: CampaignDeliveries | undefined;
  #delivered: Delivered = { ...NO_DELIVERY };
  #settled: Settled = { ...NOTHING };
  readonly #own = new OwnResults();
  #counting: Promise<void> | undefined;

  constructor(
    engine: QueueEngine,
    names: CampaignNames,
    private readonly record: CampaignRecord,
    /** Unset without the option `tracking`. */
    deliveries?: CampaignDeliveries,
  ) {
    this.#store = new ChunkStore(engine, names, record);
    this.#deliveries = deliveriesOf(record, deliveries);
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

  async #count(): Promise<void> {
    const settled = { ...NOTHING };
    const delivered = { ...NO_DELIVERY };
    const before = this.#own.numbers();
    const seen: string[] = [];
    const reports = await this.#reports();
    for await (const { number, result } of this.#store.results()) {
      const counts = (await reports?.of(number)) ?? NO_REPORTS;
      addResult(settled, result, counts.reported);
      addDelivered(delivered, result, counts, isOverdue(result, this.record, this.#deliveries));
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
