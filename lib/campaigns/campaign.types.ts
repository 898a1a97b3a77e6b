import type { MessageToSend } from '../dto/send-message.dto.js';

/** A recipient of a campaign: a number, or a number with the fields (texts or numbers) that the text takes. */
export type CampaignRecipient = string | { readonly dest: string; readonly [field: string]: unknown };

/** Message of a campaign, without recipients. */
export type CampaignMessage = Omit<MessageToSend, 'dests'>;

/** A campaign as it is started. */
export interface CampaignPlan {
  /** Its name. Starting it again resumes it, and does not send it again. 1 to 200 characters. */
  id: string;
  /**
   * The message. In its `body`, `{name}` is replaced by the recipient's field of that name; `{{` and `}}` are literal braces.
   */
  message: CampaignMessage;
  /** Any number of recipients, in any spelling; read once. Each number gets the message once. */
  recipients: Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>;
  /**
   * Maximum requests a second, in addition to the account's own `rate`. A request has up to 500 recipients. It holds for all
   * processes that share the `storage` together; the account's own `rate` is that of each process.
   */
  rate?: number;
  /** Requests in flight at a time, over all processes that share the `storage`. Default: 4. */
  concurrency?: number;
}

/** The part of a campaign that an estimate needs. */
export type CampaignDraft = Pick<CampaignPlan, 'message' | 'recipients'>;

/** Estimate of a campaign: recipients, requests and credits. */
export interface CampaignEstimate {
  /** All inputs: recipients, invalid ones and duplicates. */
  total: number;
  /** Different numbers that would get the message. */
  recipients: number;
  invalid: number;
  duplicate: number;
  /** Parts of all messages: what they cost at one credit each. */
  parts: number;
  /** Requests to the gateway. */
  requests: number;
  /** The balance. */
  credits: number;
  /** Whether the balance covers the parts, at one credit each. */
  sufficient: boolean;
}

/** State of a campaign. `preparing`: its recipients are being read, and nothing was sent yet. */
export type CampaignState = 'preparing' | 'running' | 'paused' | CampaignReport['state'];

/**
 * Why a campaign is paused. `user`: by `pause()`. `credits`: the balance is exhausted; it resumes when the balance rises. `auth`,
 * `sender`: the gateway refuses the account or the sender name. `quietHours`: the account refuses promotional messages at this
 * time; it resumes after them. `gateway`: the gateway asked to retry later, or several requests in a row failed; it resumes later.
 */
export type PauseReason = 'user' | 'credits' | 'auth' | 'sender' | 'quietHours' | 'gateway';

/** Counts of inputs by fate. `total` is the sum of `pending`, `sent`, `rejected`, `invalid`, `duplicate`, `notSent` and `unknown`. */
export interface CampaignCounts {
  /** All inputs. */
  total: number;
  /** Not sent yet. */
  pending: number;
  /** Accepted by the gateway. */
  sent: number;
  /** Rejected by the gateway, one by one. */
  rejected: number;
  /** No phone number, or without a field of the text. */
  invalid: number;
  /** A number that was given before. */
  duplicate: number;
  /** Certainly not sent: the gateway refused the request, or the campaign was cancelled. */
  notSent: number;
  /** In flight when something failed: they may have been sent. */
  unknown: number;
  /**
   * Sent, and delivered according to their reports. This and the next three are set with the option `tracking` and `dlr: true` in
   * the message.
   */
  delivered?: number;
  /** Sent, and not delivered according to their reports. */
  undelivered?: number;
  /** Sent, and without a final report so far. */
  noReportYet?: number;
  /** Sent, and without a final report within `missingAfterMs`. A late report moves them to another count. */
  missing?: number;
}

/** Progress of a campaign. */
export interface CampaignProgress extends CampaignCounts {
  id: string;
  account: string;
  state: CampaignState;
  /** Why it is paused. */
  reason?: PauseReason;
  /** When the gateway is tried again at the earliest, if that is why it is paused. ISO 8601, UTC. */
  resumesAt?: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Set when it is over. ISO 8601, UTC. */
  finishedAt?: string;
  /** Parts of all its messages: its cost at one credit each. */
  parts: number;
  /** Recipients a second since it last started to run. */
  perSecond: number;
  /** Estimated milliseconds left at this speed; undefined while it is unknown. */
  leftMs?: number;
}

/** Final report of a campaign. */
export interface CampaignReport extends CampaignCounts {
  id: string;
  account: string;
  /**
   * `lost`: the campaign is gone from a shared `storage`, and this process has not seen its end. Another process removed it, or the
   * store has lost it; the `pending` recipients may have been sent to or not.
   */
  state: 'done' | 'cancelled' | 'lost';
  parts: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** ISO 8601, UTC. */
  finishedAt: string;
}

/** Fate of a recipient. */
export type CampaignFate = 'sent' | 'rejected' | 'invalid' | 'duplicate' | 'notSent' | 'unknown' | DeliveryFate;

/** Fate of a `sent` recipient by its delivery reports. */
export type DeliveryFate = 'delivered' | 'undelivered' | 'noReportYet' | 'missing';

/** A recipient and its fate. */
export interface CampaignInput {
  /** The number: as it was given when it is invalid or a duplicate, normalised otherwise. */
  dest: string;
  /** Why, if there is a reason. */
  reason?: string;
}

/** An input that a campaign would leave out. */
export interface CampaignLeftOut extends CampaignInput {
  fate: 'invalid' | 'duplicate';
}

/** The event of a campaign that was paused by the module; its payload is a {@link CampaignPaused}. */
export const OURSMS_CAMPAIGN_PAUSED = 'oursms.campaign.paused';

/** The event of a balance that does not cover a campaign; its payload is a {@link CreditsLow}. */
export const OURSMS_CREDITS_LOW = 'oursms.credits.low';

/** A campaign that the module has paused. Announced once for a reason, until a message is sent again. */
export interface CampaignPaused {
  id: string;
  account: string;
  reason: PauseReason;
  /** The answer of the gateway. */
  why: string;
  /** When the gateway is tried again at the earliest, if that is why it is paused. ISO 8601, UTC. */
  resumesAt?: string;
}

/** A balance that does not cover what is left of a campaign, at one credit a part. */
export interface CreditsLow {
  account: string;
  /** The campaign. */
  id: string;
  /** The balance; undefined when it could not be read. */
  credits?: number;
  /** Parts that are still to be sent. */
  needed: number;
}
