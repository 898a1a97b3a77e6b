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
   * The message. Where its `body` says `{name}`, each recipient's field of that name is put; `{{` and `}}` are braces that are
   * meant.
   */
  message: CampaignMessage;
  /** Any number of recipients, in any spelling; read once. Each number gets the message once. */
  recipients: Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>;
  /**
   * Requests a second at the most, besides the account's own `rate`. A request has up to 500 recipients. Where several processes
   * share the `storage`, it holds for all of them together; the account's own `rate` is that of each.
   */
  rate?: number;
  /** Requests that are on their way at a time, from all processes that share the `storage`. Default: 4. */
  concurrency?: number;
}

/** The part of a campaign that an estimate needs. */
export type CampaignDraft = Pick<CampaignPlan, 'message' | 'recipients'>;

/** Estimate of a campaign: recipients, requests and credits. */
export interface CampaignEstimate {
  /** All that were given: recipients, invalid ones and duplicates. */
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

/** Where a campaign is. `preparing`: its recipients are being read, nothing was sent yet. */
export type CampaignState = 'preparing' | 'running' | 'paused' | CampaignReport['state'];

/**
 * Why a campaign is paused. `user`: by `pause()`. `credits`: it resumes by itself once there are some. `auth`, `sender`: the
 * gateway refuses the account or the sender name. `quietHours`: the account refuses promotional messages now. `gateway`: it
 * asked to retry later, or request after request failed or was refused; it resumes by itself.
 */
export type PauseReason = 'user' | 'credits' | 'auth' | 'sender' | 'quietHours' | 'gateway';

/** How many recipients came to what. `total` is the sum of all others down to `unknown`. */
export interface CampaignCounts {
  /** All that were given. */
  total: number;
  /** Not sent yet. */
  pending: number;
  /** Accepted by the gateway. */
  sent: number;
  /** Rejected by the gateway, one by one. */
  rejected: number;
  /** No phone number, or without a field that the text takes. */
  invalid: number;
  /** A number that was given before. */
  duplicate: number;
  /** Certainly not sent: the gateway refused the request, or the campaign was cancelled. */
  notSent: number;
  /** On the wire when something broke: they may have been sent. */
  unknown: number;
  /** Of those that were sent: delivered, by their reports. Set where `tracking` is set and the message has `dlr: true`, as are: */
  delivered?: number;
  /** Of those that were sent: not delivered, by their reports. */
  undelivered?: number;
  /** Of those that were sent: no final report has come yet. */
  noReportYet?: number;
  /** Of those that were sent: no final report came within `missingAfterMs`. A late one takes them out. */
  missing?: number;
}

/** How far a campaign is. */
export interface CampaignProgress extends CampaignCounts {
  id: string;
  account: string;
  state: CampaignState;
  /** Why it is paused. */
  reason?: PauseReason;
  /** Paused for the gateway: when it is tried again at the earliest. ISO 8601, UTC. */
  resumesAt?: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Once it is over. ISO 8601, UTC. */
  finishedAt?: string;
  /** Parts of all its messages: its cost at one credit each. */
  parts: number;
  /** Recipients a second, since it last began to run. */
  perSecond: number;
  /** Milliseconds that are left at this speed; undefined while that is not known. */
  leftMs?: number;
}

/** Final report of a campaign. */
export interface CampaignReport extends CampaignCounts {
  id: string;
  account: string;
  /**
   * `lost`: it is gone from a `storage` that other processes share before this one saw its end. Another has removed it, or the
   * store has lost it; what is still `pending` may have been sent or not.
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

/** Fate of a recipient by its delivery reports: a part of those that were `sent`. */
export type DeliveryFate = 'delivered' | 'undelivered' | 'noReportYet' | 'missing';

/** A recipient and its fate. */
export interface CampaignInput {
  /** The number: as it was given when it is invalid or a duplicate, normalised otherwise. */
  dest: string;
  /** Why, when there is something to say. */
  reason?: string;
}

/** A recipient that a campaign would leave out. */
export interface CampaignLeftOut extends CampaignInput {
  fate: 'invalid' | 'duplicate';
}

/** The event of a campaign that was paused by the module; its payload is a {@link CampaignPaused}. */
export const OURSMS_CAMPAIGN_PAUSED = 'oursms.campaign.paused';

/** The event of a balance that does not cover a campaign; its payload is a {@link CreditsLow}. */
export const OURSMS_CREDITS_LOW = 'oursms.credits.low';

/** A campaign that the module has paused; announced once for a reason until something was sent again. */
export interface CampaignPaused {
  id: string;
  account: string;
  reason: PauseReason;
  /** The answer of the gateway. */
  why: string;
  /** Paused for the gateway: when it is tried again at the earliest. ISO 8601, UTC. */
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
