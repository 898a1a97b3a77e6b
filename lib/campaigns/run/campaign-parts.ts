import type { QueueEngine } from '../../queue/durable-queue.js';
import type { TurnSource } from '../../sending/turns.js';
import type { CampaignPaused } from '../campaign.types.js';
import type { CampaignCreditsParts } from './campaign-credits.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { ChunkSender } from './chunk-sender.js';

/** What a campaign runs with. */
export interface CampaignParts extends CampaignCreditsParts {
  engine: QueueEngine;
  names: CampaignNames;
  sender: ChunkSender;
  /** Turns of the account. */
  turns: TurnSource;
  creditsEveryMs: number;
  announce: CampaignCreditsParts['announce'] & { paused(event: CampaignPaused): void };
  /** Aborted when the application ends. */
  stopping: AbortSignal;
}
