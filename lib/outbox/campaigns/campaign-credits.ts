import { Logger } from '@nestjs/common';
import { describeText } from '../../message/describe-text.js';
import type { CampaignCounts, CreditsLow } from './campaign.types.js';
import type { CampaignRecord } from './campaign-record.js';

/** What the credits of an account are looked at with. */
export interface CampaignCreditsParts {
  account: string;
  getCredits: () => Promise<number>;
  announce: { creditsLow(event: CreditsLow): void };
}

/** Compares what is left of a campaign with the balance of its account. */
export class CampaignCredits {
  readonly #logger = new Logger('OurSmsCampaign');

  constructor(private readonly parts: CampaignCreditsParts) {}

  /** Before anything is sent: says so when the balance does not cover it. */
  async compare(id: string, needed: number): Promise<void> {
    const credits = await this.#read();
    if (credits !== undefined && credits < needed) this.#say(id, credits, needed);
  }

  /** The balance has run out: says what is still to be sent. */
  async tellLow({ id, parts, recipients }: CampaignRecord, { pending }: CampaignCounts): Promise<void> {
    this.#say(id, await this.#read(), Math.ceil((parts * pending) / Math.max(1, recipients)));
  }

  /** Whether the next request may be covered: a whole one, of a text like all others. */
  async coverNext({ message }: CampaignRecord, { pending }: CampaignCounts): Promise<boolean> {
    return ((await this.#read()) ?? 0) >= Math.min(pending, 500) * describeText(message.body).parts;
  }

  async #read(): Promise<number | undefined> {
    return this.parts.getCredits().catch(() => undefined);
  }

  #say(id: string, credits: number | undefined, needed: number): void {
    const { account, announce } = this.parts;
    this.#logger.warn(
      `The balance of account ${account} (${credits ?? 'not known'}) may not cover campaign ${id}: ${needed} parts are still to be sent`,
    );
    announce.creditsLow({ account, id, credits, needed });
  }
}
