import type { QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignCounts, CampaignFate, CampaignInput } from './campaign.types.js';
import type { CampaignNames, CampaignRecord, ChunkResult } from './campaign-record.js';

type Settled = Pick<CampaignCounts, 'sent' | 'rejected' | 'notSent' | 'unknown'>;

const NOTHING: Settled = { sent: 0, rejected: 0, notSent: 0, unknown: 0 };

/** What became of the recipients of a campaign: counted from the results that are kept, so that no count can differ from them. */
export class CampaignLedger {
  #settled: Settled = { ...NOTHING };

  constructor(
    private readonly engine: QueueEngine,
    private readonly names: CampaignNames,
    private readonly record: CampaignRecord,
  ) {}

  get counts(): CampaignCounts {
    const { total, recipients, invalid, duplicate } = this.record;
    const { sent, rejected, notSent, unknown } = this.#settled;
    return { total, pending: recipients - sent - rejected - notSent - unknown, ...this.#settled, invalid, duplicate };
  }

  /** Counts what is kept. */
  async count(): Promise<void> {
    const settled = { ...NOTHING };
    for await (const result of this.#results()) add(settled, result);
    this.#settled = settled;
  }

  /** Takes the counts of a campaign that is over from its report: its results need not be read for them. */
  trust({ sent, rejected, notSent, unknown }: Settled): void {
    this.#settled = { sent, rejected, notSent, unknown };
  }

  /** A result has become durable, or is about to. */
  note(result: ChunkResult): void {
    add(this.#settled, result);
  }

  /** The results whose outcome is unknown, with the names that they are kept under. */
  async *unknown(): AsyncIterable<{ name: string; result: ChunkResult }> {
    for await (const { name, text } of this.engine.notes(this.names.list(this.record.id, 'result'))) {
      const result = JSON.parse(text) as ChunkResult;
      if (result.fate === 'unknown') yield { name, result };
    }
  }

  /** The recipients that came to something, one by one. */
  async *inputs(fate: CampaignFate): AsyncIterable<CampaignInput> {
    if (fate === 'invalid' || fate === 'duplicate') {
      for await (const { text } of this.engine.notes(this.names.list(this.record.id, fate))) {
        yield* JSON.parse(text) as CampaignInput[];
      }
      return;
    }
    for await (const result of this.#results()) yield* inputsOf(result, fate);
  }

  async *#results(): AsyncIterable<ChunkResult> {
    for await (const { text } of this.engine.notes(this.names.list(this.record.id, 'result'))) {
      yield JSON.parse(text) as ChunkResult;
    }
  }
}

function add(settled: Settled, { dests, fate, rejected = 0 }: ChunkResult): void {
  settled[fate] += dests.length - rejected;
  settled.rejected += rejected;
}

function* inputsOf(
  { dests, fate, rejected = 0, rejectedDests = [], reason }: ChunkResult,
  wanted: CampaignFate,
): Iterable<CampaignInput> {
  if (fate !== 'sent') {
    if (fate === wanted) for (const dest of dests) yield { dest, reason };
    return;
  }
  const refused = new Set(rejectedDests);
  // The gateway counts them, and need not name them.
  const unnamed = rejected - refused.size;
  const doubt =
    unnamed > 0
      ? `one of ${dests.length - refused.size} of which the gateway rejected ${unnamed} without naming them`
      : undefined;
  for (const dest of dests) {
    if (refused.has(dest) === (wanted === 'rejected') && (wanted === 'sent' || wanted === 'rejected')) {
      yield wanted === 'sent' ? { dest, reason: doubt } : { dest };
    }
  }
}
