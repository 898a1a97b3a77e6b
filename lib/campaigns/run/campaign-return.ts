import type { CampaignCounts, PauseReason } from '../campaign.types.js';
import type { CampaignCredits } from './campaign-credits.js';
import type { CampaignRecord } from '../store/campaign-record.js';
import type { ChunkSender } from './chunk-sender.js';
import type { GatewayTrust } from './gateway-trust.js';
import { RepeatedLook } from './repeated-look.js';

/** Pauses that end by themselves. */
const PASSING: readonly (PauseReason | undefined)[] = ['credits', 'quietHours', 'gateway'];
/** However far the clock was set. */
const LONGEST_WAIT_MS = 60 * 60_000;

/** What a paused campaign is looked at with. */
export interface CampaignReturnParts {
  record: CampaignRecord;
  credits: CampaignCredits;
  counts: () => CampaignCounts;
  sender: ChunkSender;
  trust: GatewayTrust;
  /** Milliseconds between two looks at what says no time. */
  everyMs: number;
  goOn: () => Promise<void>;
  /** It stays paused for the gateway, until a later time. */
  postpone: (waitMs: number) => Promise<void>;
}

/** Looks whether what paused a campaign has passed, and lets it go on. */
export class CampaignReturn {
  readonly #look: RepeatedLook;
  /** Whether it was the gateway that it was paused for. */
  #isForGateway = false;

  constructor(private readonly parts: CampaignReturnParts) {
    this.#look = new RepeatedLook({ look: () => this.#lookOnce(), everyMs: () => this.#inMs() });
  }

  /** Looks from now on, if the campaign is paused for something that passes. */
  start(): void {
    const { reason } = this.parts.record;
    this.stop();
    this.#isForGateway = reason === 'gateway';
    if (PASSING.includes(reason)) this.#look.start();
  }

  /** It is not paused any more. */
  end(): void {
    this.stop();
    if (this.#isForGateway) this.parts.trust.tryAgain();
    this.#isForGateway = false;
  }

  stop(): void {
    this.#look.stop();
  }

  #inMs(): number {
    const { record, everyMs } = this.parts;
    if (record.resumesAt === undefined) return everyMs;
    return Math.min(LONGEST_WAIT_MS, Math.max(0, Date.parse(record.resumesAt) - Date.now()));
  }

  async #lookOnce(): Promise<void> {
    const { record, goOn, postpone, trust } = this.parts;
    const { reason, resumesAt } = record;
    const hasPassed = await this.#hasPassed(reason);
    // A person may have paused it meanwhile, or another process looked.
    const isStill = record.state === 'paused' && record.reason === reason && record.resumesAt === resumesAt;
    if (!isStill) return;
    if (hasPassed) await goOn();
    else if (reason === 'gateway') await postpone(trust.waitOn());
  }

  async #hasPassed(reason: PauseReason | undefined): Promise<boolean> {
    const { record, credits, counts, sender } = this.parts;
    if (reason === 'credits') return credits.coverNext(record, counts());
    if (reason === 'gateway') return credits.canBeAsked();
    return sender.refusal(record) === undefined;
  }
}
