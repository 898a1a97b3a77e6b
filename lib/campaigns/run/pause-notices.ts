import { Logger } from '@nestjs/common';
import { oneLine } from '../../errors/one-line.js';
import type { CampaignCounts, PauseReason } from '../campaign.types.js';
import type { ChunkResult } from '../store/campaign-record.js';
import type { CampaignContext } from './campaign-context.js';
import type { CampaignCredits } from './campaign-credits.js';
import type { CampaignState } from './campaign-state.js';

/** Logs and announces the pauses that the module makes: once for a reason, until a message is sent again. */
export class PauseNotices {
  readonly #logger = new Logger('OurSmsCampaign');
  #reported: PauseReason | undefined;

  constructor(
    private readonly context: CampaignContext,
    private readonly state: CampaignState,
    private readonly credits: CampaignCredits,
  ) {}

  /** Reports a pause. */
  async report(reason: PauseReason, why: string, counts: CampaignCounts): Promise<void> {
    const { account, announce } = this.context;
    const { facts, resumesAt } = this.state;
    const isNews = this.#reported !== reason;
    this.#reported = reason;
    if (isNews) {
      const until = resumesAt === undefined ? '' : ` until ${resumesAt}`;
      this.#logger.warn(`Campaign ${oneLine(facts.id)} (account ${account}) is paused (${reason})${until}: ${why}`);
      announce.paused({ id: facts.id, account, reason, why, resumesAt });
    }
    if (reason === 'credits') await this.credits.noteRefusal(facts, counts, isNews);
  }

  /** A request has ended: the next pause is reported again if any recipient got the message. */
  noteResult({ fate, recipients, rejected = 0 }: ChunkResult): void {
    if (fate === 'sent' && rejected < recipients) this.#reported = undefined;
  }
}
