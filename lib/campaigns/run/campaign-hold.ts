import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { CampaignCounts, PauseReason } from '../campaign.types.js';
import type { CampaignCredits } from './campaign-credits.js';
import type { CampaignParts } from './campaign-parts.js';
import type { CampaignRecord, ChunkResult } from '../store/campaign-record.js';
import type { CampaignRecords } from '../store/campaign-records.js';
import type { CampaignStanding } from './campaign-standing.js';

/** What a campaign is paused with. */
export interface CampaignHoldParts extends Pick<CampaignParts, 'account' | 'announce'> {
  record: CampaignRecord;
  records: CampaignRecords;
  standing: CampaignStanding;
  credits: CampaignCredits;
  counts: () => CampaignCounts;
}

/** Pauses a campaign, and says why: once for a reason, until something was sent again. */
export class CampaignHold {
  readonly #logger = new Logger('OurSmsCampaign');
  #told: PauseReason | undefined;

  constructor(private readonly parts: CampaignHoldParts) {}

  /** It is paused from now on, for so long where that is known. Resolves when that is durable. */
  async begin(reason: PauseReason, waitMs?: number): Promise<void> {
    const { record, records, standing } = this.parts;
    const resumesAt = waitMs === undefined ? undefined : new Date(Date.now() + waitMs).toISOString();
    await standing.change({ state: 'paused', reason, resumesAt }, () => records.pause(record, reason, resumesAt));
  }

  /** Tells that the module has paused it. */
  async tell(reason: PauseReason, why: string): Promise<void> {
    const { record, account, announce, credits, counts } = this.parts;
    const { id, resumesAt } = record;
    const isNews = this.#told !== reason;
    this.#told = reason;
    if (isNews) {
      const until = resumesAt === undefined ? '' : ` until ${resumesAt}`;
      this.#logger.warn(`Campaign ${oneLine(id)} (account ${account}) is paused (${reason})${until}: ${why}`);
      announce.paused({ id, account, reason, why, resumesAt });
    }
    if (reason === 'credits') await credits.noteRefusal(record, counts(), isNews);
  }

  /** There is a result: the next pause is news again if somebody got the message. */
  noteResult({ fate, recipients, rejected = 0 }: ChunkResult): void {
    if (fate === 'sent' && rejected < recipients) this.#told = undefined;
  }
}
