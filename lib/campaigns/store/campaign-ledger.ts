import type { QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignCounts, CampaignFate, CampaignInput } from '../campaign.types.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from './campaign-record.js';
import { ChunkStore } from './chunk-store.js';

type CountedResult = Pick<ChunkResult, 'recipients' | 'fate' | 'rejected'>;
type Settled = Pick<CampaignCounts, 'sent' | 'rejected' | 'notSent' | 'unknown'>;

const NOTHING: Settled = { sent: 0, rejected: 0, notSent: 0, unknown: 0 };

/** More results than are ever on their way to the store: an older one is in it. */
const MOST_OWN = 2_000;

/** Fates of the recipients of a campaign, counted from the results in the store, so that no count can differ from them. */
export class CampaignLedger {
  readonly #store: ChunkStore;
  #settled: Settled = { ...NOTHING };
  /** Results of this process that were not among those that were read last. */
  readonly #own = new Map<string, { result: CountedResult; isOld: boolean }>();
  #counting: Promise<void> | undefined;

  constructor(
    engine: QueueEngine,
    names: CampaignNames,
    private readonly record: CampaignRecord,
  ) {
    this.#store = new ChunkStore(engine, names, record);
  }

  get counts(): CampaignCounts {
    const { total, recipients, invalid, duplicate } = this.record;
    const settled = { ...this.#settled };
    for (const { result } of this.#own.values()) add(settled, result);
    const { sent, rejected, notSent, unknown } = settled;
    return { total, pending: recipients - sent - rejected - notSent - unknown, ...settled, invalid, duplicate };
  }

  /** Counts what is kept. */
  async count(): Promise<void> {
    // What is being counted may have begun before what this is asked for.
    await this.#counting?.catch(() => undefined);
    this.#counting ??= this.#count().finally(() => (this.#counting = undefined));
    await this.#counting;
  }

  /** Counts what is kept, and nothing else. */
  async countKept(): Promise<void> {
    await this.count();
    this.#own.clear();
  }

  /** Takes the counts of a campaign that is over from its report: its results need not be read for them. */
  trust({ sent, rejected, notSent, unknown }: Settled): void {
    this.#own.clear();
    this.#settled = { sent, rejected, notSent, unknown };
  }

  /** A result of this process has become durable, or is about to. */
  note(number: string, { recipients, fate, rejected }: ChunkResult): void {
    // Behind those that are there: a request that was sent again has its second result.
    this.#own.delete(number);
    this.#own.set(number, { result: { recipients, fate, rejected }, isOld: false });
    if (this.#own.size > MOST_OWN && !this.#counting) this.#merge();
  }

  /** The requests of unknown outcome, by their numbers. */
  async *unknown(): AsyncIterable<{ number: string; result: ChunkResult }> {
    for await (const { number, result } of this.#store.results()) {
      if (result.fate === 'unknown') yield { number, result };
    }
  }

  /** The recipients that came to something, one by one. */
  async *inputs(fate: CampaignFate): AsyncIterable<CampaignInput> {
    if (fate === 'invalid' || fate === 'duplicate') {
      yield* this.#store.leftOut(fate);
      return;
    }
    for await (const { number, result } of this.#store.results()) {
      if (!holds(result, fate)) continue;
      const chunk = await this.#store.chunk(number);
      // Removed meanwhile.
      if (chunk === undefined) return;
      yield* inputsOf(chunk, result, fate);
    }
  }

  async #count(): Promise<void> {
    const settled = { ...NOTHING };
    const before = [...this.#own.keys()];
    const seen: string[] = [];
    for await (const { number, result } of this.#store.results()) {
      add(settled, result);
      if (this.#own.has(number)) seen.push(number);
    }
    this.#settled = settled;
    for (const number of seen) this.#own.delete(number);
    // Those that two countings do not find are gone: someone has settled them otherwise.
    for (const number of before) {
      const own = this.#own.get(number);
      if (own?.isOld) this.#own.delete(number);
      else if (own) own.isOld = true;
    }
  }

  /** Counts the older half of the results of this process as read: so they take no memory, however seldom results are read. */
  #merge(): void {
    for (const [number, { result }] of [...this.#own].slice(0, MOST_OWN / 2)) {
      add(this.#settled, result);
      this.#own.delete(number);
    }
  }
}

function add(settled: Settled, { recipients, fate, rejected = 0 }: CountedResult): void {
  settled[fate] += recipients - rejected;
  settled.rejected += rejected;
}

const holds = ({ recipients, fate, rejected = 0 }: ChunkResult, wanted: CampaignFate): boolean =>
  wanted === 'rejected' ? rejected > 0 : fate === wanted && rejected < recipients;

function* inputsOf(
  { dests }: CampaignChunk,
  { fate, rejected = 0, rejectedDests = [], reason }: ChunkResult,
  wanted: CampaignFate,
): Iterable<CampaignInput> {
  if (fate !== 'sent') {
    for (const dest of dests) yield { dest, reason };
    return;
  }
  const refused = new Set(rejected === dests.length ? dests : rejectedDests);
  // The gateway counts them, and need not name them.
  const unnamed = rejected - refused.size;
  const doubt =
    unnamed > 0
      ? `one of ${dests.length - refused.size} of which the gateway rejected ${unnamed} without naming them`
      : undefined;
  for (const dest of dests) {
    if (refused.has(dest) === (wanted === 'rejected')) yield wanted === 'sent' ? { dest, reason: doubt } : { dest };
  }
}
