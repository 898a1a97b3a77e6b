import type { Campaign } from './campaign.js';
import type {
  CampaignDraft,
  CampaignEstimate,
  CampaignLeftOut,
  CampaignPlan,
  CampaignProgress,
} from './campaign.types.js';

/**
 * Messages to any number of recipients: requests of 500, each durable before it is sent, sent within the rate, and resumed
 * after a restart. Each number gets the message at most once.
 *
 * Its methods reject with an `OurSmsStorageError` when the store cannot be read or written.
 */
export abstract class Campaigns {
  /**
   * Reads the recipients, writes durable requests, compares the credits, and starts to send.
   *
   * Resolves when all recipients are durable: from then on they are sent to, also after a crash. When the recipients throw, it
   * rejects with their error, and nothing was sent.
   *
   * If a campaign of this `id` exists, it is resumed, and `recipients` are not read. While another start of the same `id` reads its
   * recipients, in any process, this call waits for it.
   *
   * @throws {OurSmsValidationError} for a faulty plan, no recipients at all, or an `id` that belongs to another message
   */
  abstract start(plan: CampaignPlan): Promise<Campaign>;

  /**
   * Reads recipients as {@link start} would, and counts requests, parts and credits. Nothing is stored or sent.
   *
   * @param onLeftOut Called for each recipient that would be left out, before the next one is read.
   * @throws {OurSmsValidationError} for a faulty message; {OurSmsError} when the credits cannot be read
   */
  abstract estimate(draft: CampaignDraft, onLeftOut?: (input: CampaignLeftOut) => void): Promise<CampaignEstimate>;

  /** A campaign that was started; undefined when there is none of this id, or its recipients are still being read. */
  abstract get(id: string): Promise<Campaign | undefined>;

  /** Progress of each campaign that was not removed. */
  abstract list(): Promise<CampaignProgress[]>;

  /**
   * Sets the fate of the recipients whose outcome is unknown, by the decision of a person.
   *
   * @param fate `sent`: they count as sent. `sendAgain`: they are sent to again, and may get the message twice; a campaign that
   * was over is reopened, and {@link get} returns it.
   * @returns The number of these recipients.
   * @throws {OurSmsValidationError} for any other `fate`
   */
  abstract resolveUnknown(id: string, fate: 'sent' | 'sendAgain'): Promise<number>;

  /** Deletes a campaign that is done or cancelled, with its numbers. @returns Whether there was one. */
  abstract remove(id: string): Promise<boolean>;
}
