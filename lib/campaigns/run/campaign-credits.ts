import { Logger } from '@nestjs/common';
import { OurSmsGatewayError } from '../../errors/oursms-gateway.error.js';
import { OurSmsResponseError } from '../../errors/oursms-response.error.js';
import { oneLine } from '../../errors/one-line.js';
import type { CampaignCounts } from '../campaign.types.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { AccountContext } from './campaign-context.js';

/** Compares the pending parts of a campaign with the balance of its account. */
export class CampaignCredits {
  readonly #logger = new Logger('OurSmsCampaign');
  /** The balance when the gateway last refused a request for lack of credits. */
  #refusedAt: number | undefined;

  constructor(private readonly context: AccountContext) {}

  /** Warns, before anything is sent, when the balance does not cover the campaign. */
  async compare(id: string, needed: number): Promise<void> {
    const credits = await this.#read();
    if (credits !== undefined && credits < needed) this.#warn(id, credits, needed);
  }

  /** Notes that the balance is exhausted. @param isNews Whether to warn. */
  async noteRefusal(record: CampaignRecord, { pending }: CampaignCounts, isNews: boolean): Promise<void> {
    this.#refusedAt = await this.#read();
    if (isNews) this.#warn(record.id, this.#refusedAt, partsOf(record, pending));
  }

  /** Whether the balance may cover the next request: it has risen, and covers 500 average messages at one credit a part. */
  async coverNext(record: CampaignRecord, { pending }: CampaignCounts): Promise<boolean> {
    const credits = (await this.#read()) ?? 0;
    const hasRisen = this.#refusedAt === undefined || credits > this.#refusedAt;
    if (!hasRisen) this.#refusedAt = credits;
    return hasRisen && credits >= partsOf(record, Math.min(pending, 500));
  }

  /** Whether the gateway answers. A refusal is an answer, and so is an unreadable one. */
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

  #warn(id: string, credits: number | undefined, needed: number): void {
    const { account, announce } = this.context;
    this.#logger.warn(
      `The balance of account ${account} (${credits ?? 'not known'}) may be too low for campaign ${oneLine(id)}: ${needed} message parts are still to be sent`,
    );
    announce.creditsLow({ account, id, credits, needed });
  }
}

/** Average number of parts of `count` messages. */
const partsOf = ({ parts, recipients }: CampaignRecord, count: number): number =>
  Math.ceil((parts * count) / Math.max(1, recipients));
