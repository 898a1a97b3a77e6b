import type { Observable } from 'rxjs';
import type { CampaignFate, CampaignInput, CampaignProgress, CampaignReport } from './campaign.types.js';

/**
 * A message to many recipients, whose sending survives restarts. Processes that share the `storage` send it together, and each can
 * follow and control the whole campaign.
 *
 * `Campaigns` makes objects of this class.
 */
export abstract class Campaign {
  abstract get id(): string;

  /**
   * Emits the progress at once, and when it changes, up to five times a second. Completes when the campaign is over, or the
   * application shuts down.
   */
  abstract get progress(): Observable<CampaignProgress>;

  /** Resolves when any process has finished or cancelled it. Never rejects. */
  abstract get done(): Promise<CampaignReport>;

  /** The current progress. */
  abstract snapshot(): CampaignProgress;

  /**
   * Pauses until {@link resume}, also after a restart. Resolves when no request of this process is in flight; other processes that
   * share the `storage` pause within a second.
   */
  abstract pause(): Promise<void>;

  /** Ends a pause. */
  abstract resume(): Promise<void>;

  /**
   * Ends the campaign. Recipients that were not sent to yet count as `notSent`. Resolves to the report, over all processes.
   */
  abstract cancel(): Promise<CampaignReport>;

  /** The recipients of one fate, read from the `storage` one by one. */
  abstract inputs(fate: CampaignFate): AsyncIterable<CampaignInput>;
}
