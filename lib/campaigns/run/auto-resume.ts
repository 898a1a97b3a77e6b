import type { CampaignCounts, PauseReason } from '../campaign.types.js';
import type { CampaignContext } from './campaign-context.js';
import type { CampaignCredits } from './campaign-credits.js';
import type { CampaignState } from './campaign-state.js';
import type { CircuitBreaker } from './circuit-breaker.js';
import { RepeatedLook } from '../../queue/repeated-look.js';

/** Pauses that end by themselves. */
const PASSING: readonly (PauseReason | undefined)[] = ['credits', 'quietHours', 'gateway'];
/** Upper bound of a wait, wherever the clock was set to. */
const MAX_WAIT_MS = 60 * 60_000;

/** Checks whether the reason of a pause has passed, and resumes the campaign then. */
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

  /** The campaign is paused: checks from now on, if its pause can end by itself. */
  start(): void {
    const { reason } = this.state;
    this.stop();
    this.#isForGateway = reason === 'gateway';
    if (PASSING.includes(reason)) this.#look.start();
  }

  /** The campaign is not paused any more. */
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
