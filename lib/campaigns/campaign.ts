import type { Observable } from 'rxjs';
import type { CampaignFate, CampaignInput, CampaignProgress, CampaignReport } from './campaign.types.js';

/**
 * A message to many recipients, whose sending survives restarts. Where several processes share the `storage`, all of them send
 * it, and each can follow and control the whole of it.
 *
 * `Campaigns` makes objects of this class.
 */
export abstract class Campaign {
  abstract get id(): string;

  /**
   * How far it is: at once, then as it changes, several times a second at the most. Completes when the campaign is over, or the
   * application stops.
   */
  abstract get progress(): Observable<CampaignProgress>;

  /** Resolves when it is done or cancelled, by whichever process, as long as this process lives. Never rejects. */
  abstract get done(): Promise<CampaignReport>;

  /** How far it is now. */
  abstract snapshot(): CampaignProgress;

  /**
   * Sends nothing more until {@link resume}, also after a restart. Resolves when no request of this process is in flight; other
   * processes that share the `storage` follow within a second.
   */
  abstract pause(): Promise<void>;

  /** Ends a pause. */
  abstract resume(): Promise<void>;

  /**
   * Sends nothing more, ever. Recipients that were not sent to yet count as `notSent`. Resolves to the report of the campaign,
   * over all processes.
   */
  abstract cancel(): Promise<CampaignReport>;

  /** The recipients of one fate, read from the `storage` one by one. */
  abstract inputs(fate: CampaignFate): AsyncIterable<CampaignInput>;
}
