import type { CampaignCounts } from '../campaign.types.js';
import type { ChunkResult } from './campaign-record.js';

/** The fields of a result that are counted. */
export type CountedResult = Pick<ChunkResult, 'recipients' | 'fate' | 'rejected' | 'at'>;

/** Counts of the recipients whose requests have a result. */
export type Settled = Pick<CampaignCounts, 'sent' | 'rejected' | 'notSent' | 'unknown'>;

/**
 * Results of this process that the last read of the store did not contain. Their sums are updated with each change: they are
 * read with every result.
 */
export class OwnResults {
  readonly settled: Settled = { sent: 0, rejected: 0, notSent: 0, unknown: 0 };
  readonly #results = new Map<string, { result: CountedResult; isOld: boolean }>();

  get size(): number {
    return this.#results.size;
  }

  has(number: string): boolean {
    return this.#results.has(number);
  }

  numbers(): string[] {
    return [...this.#results.keys()];
  }

  /** Adds a result, in place of an earlier one of the same request. */
  add(number: string, { recipients, fate, rejected = 0, at }: CountedResult): void {
    this.delete(number);
    this.#results.set(number, { result: { recipients, fate, rejected, at }, isOld: false });
    addResult(this.settled, { recipients, fate, rejected });
  }

  delete(number: string): void {
    const own = this.#results.get(number);
    if (!own) return;
    this.#results.delete(number);
    const { recipients, fate, rejected = 0 } = own.result;
    addResult(this.settled, { recipients: -recipients, fate, rejected: -rejected });
  }

  clear(): void {
    for (const number of this.numbers()) this.delete(number);
  }

  /** Marks results that a read of the store did not find; deletes those that two reads did not find. */
  age(numbers: readonly string[]): void {
    for (const number of numbers) {
      const own = this.#results.get(number);
      if (own?.isOld) this.delete(number);
      else if (own) own.isOld = true;
    }
  }

  /** Removes and returns the oldest. */
  take(count: number): CountedResult[] {
    const oldest = [...this.#results].slice(0, count);
    for (const [number] of oldest) this.delete(number);
    return oldest.map(([, { result }]) => result);
  }
}

/** Counts a result. @param reported Recipients with a delivery report: they were sent to, whatever the outcome of the request. */
export function addResult(settled: Settled, { recipients, fate, rejected = 0 }: CountedResult, reported = 0): void {
  const proven = fate === 'sent' ? 0 : reported;
  settled[fate] += recipients - rejected - proven;
  settled.sent += proven;
  settled.rejected += rejected;
}
