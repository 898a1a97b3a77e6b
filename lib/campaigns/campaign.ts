import type { Observable } from 'rxjs';
import type { CampaignFate, CampaignInput, CampaignProgress, CampaignReport } from './campaign.types.js';
import type { RunningCampaign } from './run/running-campaign.js';

/**
 * A campaign: what is sent to many recipients, and goes on after a restart. Where several processes share the `storage`, all of
 * them send it, and each of them tells and steers the whole of it.
 */
export class Campaign {
  /** @internal */
  constructor(private readonly running: RunningCampaign) {}

  get id(): string {
    return this.running.id;
  }

  /**
   * How far it is: at once, then as it goes on, several times a second at the most. Completes when the campaign is done or
   * cancelled, or the application ends.
   */
  get progress(): Observable<CampaignProgress> {
    return this.running.progress;
  }

  /** Resolves when it is done or cancelled, by whatever process, in this life of the process. Never rejects. */
  get done(): Promise<CampaignReport> {
    return this.running.done;
  }

  /** How far it is now. */
  snapshot(): CampaignProgress {
    return this.running.snapshot();
  }

  /**
   * Sends nothing more until {@link resume}, restarts included. Resolves when no request of this process is on its way; other
   * processes that share the `storage` follow within a second.
   */
  async pause(): Promise<void> {
    await this.running.pause('user', 'by request');
  }

  /** Goes on. */
  async resume(): Promise<void> {
    await this.running.resume();
  }

  /**
   * Sends nothing more, ever. What was not sent yet counts as `notSent`. Resolves to what became of the campaign, in all
   * processes.
   */
  async cancel(): Promise<CampaignReport> {
    return this.running.cancel();
  }

  /** The recipients that came to something, one by one, read as they are asked for. */
  inputs(fate: CampaignFate): AsyncIterable<CampaignInput> {
    return this.running.ledger.inputs(fate);
  }
}
