import { Logger } from '@nestjs/common';
import { OurSmsGatewayError } from '../../errors/oursms-gateway.error.js';
import { OurSmsResponseError } from '../../errors/oursms-response.error.js';
import { oneLine } from '../../errors/one-line.js';
import type { CampaignCounts } from '../campaign.types.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { AccountContext } from './campaign-context.js';

/** Compares what is left of a campaign with the balance of its account. */
export class CampaignCredits {
  readonly #logger = new Logger('OurSmsCampaign');
  /** The balance when the gateway last refused a request for it. */
  #refusedAt: number | undefined;

  constructor(private readonly context: AccountContext) {}

  /** Before anything is sent: says so when the balance does not cover it. */
  async compare(id: string, needed: number): Promise<void> {
    const credits = await this.#read();
    if (credits !== undefined && credits < needed) this.#say(id, credits, needed);
  }

  /** The balance has run out. @param isNews Whether to say so, and what is still to be sent. */
  async noteRefusal(record: CampaignRecord, { pending }: CampaignCounts, isNews: boolean): Promise<void> {
    this.#refusedAt = await this.#read();
    if (isNews) this.#say(record.id, this.#refusedAt, partsOf(record, pending));
  }

  /** Whether the next request may be covered: a whole one, of texts like all others, where a part may cost any price. */
  async coverNext(record: CampaignRecord, { pending }: CampaignCounts): Promise<boolean> {
    const credits = (await this.#read()) ?? 0;
    const hasRisen = this.#refusedAt === undefined || credits > this.#refusedAt;
    if (!hasRisen) this.#refusedAt = credits;
    return hasRisen && credits >= partsOf(record, Math.min(pending, 500));
  }

  /** Whether the gateway answers: a refusal is an answer as well, and so is what cannot be read. */
  async canBeAsked(): Promise<boolean> {
    try {
      await this.context.getCredits();
      return true;
    } catch (error) {
      if (error instanceof OurSmsGatewayError) return error.kind !== 'server' && error.kind !== 'rateLimit';
      return error instanceof OurSmsResponseError;
    }
  }

  async #read(): Promise<number | undefined> {
    return this.context.getCredits().catch(() => undefined);
  }

  #say(id: string, credits: number | undefined, needed: number): void {
    const { account, announce } = this.context;
    this.#logger.warn(
      `The balance of account ${account} (${credits ?? 'not known'}) may be too low for campaign ${oneLine(id)}: ${needed} message parts are still to be sent`,
    );
    announce.creditsLow({ account, id, credits, needed });
  }
}

/** The parts that so many of its recipients take, by the average. */
const partsOf = ({ parts, recipients }: CampaignRecord, count: number): number =>
  Math.ceil((parts * count) / Math.max(1, recipients));
