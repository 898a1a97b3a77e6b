import type { QueueEngine } from '../../queue/durable-queue.js';
import type { MessagePolicy } from '../../sending/prepare-message.js';
import type { TurnSource } from '../../sending/turns.js';
import type { CampaignTracking } from '../campaign-tracking.js';
import type { CampaignPaused, CreditsLow } from '../campaign.types.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { ChunkSender } from './chunk-sender.js';

/** Objects and options of an account that all of its campaigns share. */
export interface AccountContext {
  account: string;
  policy: MessagePolicy;
  sender: ChunkSender;
  /** Turns of the account. */
  turns: TurnSource;
  getCredits: () => Promise<number>;
  /** Milliseconds between two reads of the credits while a campaign is paused for them. */
  creditsEveryMs: number;
  /** Emits the events of campaigns. */
  announce: { paused(event: CampaignPaused): void; creditsLow(event: CreditsLow): void };
  /** Matches delivery reports with campaigns; unset without the option `tracking`. */
  tracking?: CampaignTracking;
}

/** The context of an account whose store is open. */
export interface CampaignContext extends AccountContext {
  engine: QueueEngine;
  names: CampaignNames;
  /** Aborted when the application shuts down. */
  stopping: AbortSignal;
}
