import type { CampaignCounts, PauseReason } from '../campaign.types.js';
import type { CampaignContext } from './campaign-context.js';
import type { CampaignCredits } from './campaign-credits.js';
import type { CampaignState } from './campaign-state.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { RepeatedLook } from '../../queue/repeated-look.js';

/** Reasons of the pauses that end by themselves. */
const PASSING: readonly (PauseReason | undefined)[] = ['credits', 'quietHours', 'gateway'];
/** Upper bound of a wait: the clock may have been changed. */
const MAX_WAIT_MS = 60 * 60_000;

/** Resumes a paused campaign once the reason of its pause has passed. */
export class AutoResume {
  readonly #look: RepeatedLook;
  #isForGateway = false;

  constructor(
    private readonly context: CampaignContext,
    private readonly state: CampaignState,
    private readonly credits: CampaignCredits,
    private readonly breaker: CircuitBreaker,
    private readonly counts: () => CampaignCounts,
    private readonly resume: () => Promise<void>,
  ) {
    this.#look = new RepeatedLook({ look: () => this.#check(), everyMs: () => this.#inMs() });
  }

  /** Starts to check a paused campaign, if its pause can end by itself. */
  start(): void {
    const { reason } = this.state;
    this.stop();
    this.#isForGateway = reason === 'gateway';
    if (PASSING.includes(reason)) this.#look.start();
  }

  /** Stops: the campaign is no longer paused. */
  end(): void {
    this.stop();
    if (this.#isForGateway) this.breaker.halfOpen();
    this.#isForGateway = false;
  }

  stop(): void {
    this.#look.stop();
  }

  #inMs(): number {
    const { resumesAt } = this.state;
    if (resumesAt === undefined) return this.context.creditsEveryMs;
    return Math.min(MAX_WAIT_MS, Math.max(0, Date.parse(resumesAt) - Date.now()));
  }

  async #check(): Promise<void> {
    const { state } = this;
    const { reason, resumesAt } = state;
    const hasPassed = await this.#hasPassed(reason);
    // The user may have paused it meanwhile, or another process may have checked.
    if (state.mode !== 'paused' || state.reason !== reason || state.resumesAt !== resumesAt) return;
    if (hasPassed) await this.resume();
    else if (reason === 'gateway') await state.pause('gateway', this.breaker.extend());
  }

  async #hasPassed(reason: PauseReason | undefined): Promise<boolean> {
    if (reason === 'credits') return this.credits.coverNext(this.state.facts, this.counts());
    if (reason === 'gateway') return this.credits.canBeAsked();
    return this.context.sender.refusal(this.state.facts) === undefined;
  }
}
