import type { CampaignRecord } from '../store/campaign-record.js';

type Standing = Pick<CampaignRecord, 'state' | 'reason' | 'resumesAt'>;

/** Where a campaign is, as this process knows it: by what it changes itself, and by what it reads of the others. */
export class CampaignStanding {
  /** Changes of this process that are being written, and when the last of them was. */
  #changing = 0;
  #changedAt = 0;

  constructor(private readonly record: CampaignRecord) {}

  /** Changes it at once, and keeps it so while that is written. A campaign that is over stays as it is. */
  async change({ state, reason, resumesAt }: Standing, write?: () => Promise<void>): Promise<void> {
    if (this.record.report) return;
    Object.assign(this.record, { state, reason, resumesAt });
    this.#changing += 1;
    try {
      await write?.();
    } finally {
      this.#changing -= 1;
      this.#changedAt = performance.now();
    }
  }

  /**
   * Takes over what was read.
   *
   * @param seenAt When the reading began: what this process changed since then is not in it.
   * @returns Whether it is news.
   */
  adopt({ state, reason, resumesAt }: Standing, seenAt: number): boolean {
    const { record } = this;
    if (record.report || this.#changing > 0 || this.#changedAt >= seenAt) return false;
    if (record.state === state && record.reason === reason && record.resumesAt === resumesAt) return false;
    Object.assign(record, { state, reason, resumesAt });
    return true;
  }
}
