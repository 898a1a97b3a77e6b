import type { Moment } from '../../sending/moment.js';
import type { PreparedMessage } from '../../sending/prepare-message.js';
import type { CampaignReport, CampaignState, PauseReason } from '../campaign.types.js';

/** Identifies a start of a campaign. An id may have had earlier starts, which were removed or interrupted. */
export interface CampaignKey {
  id: string;
  /** A new one for each start, so that late writes of a suspended process belong to no campaign. */
  run: string;
}

/** Constant data of a campaign, written before its recipients are read. */
export interface CampaignFacts extends CampaignKey {
  /** Hash of the message: another message under the same id has another one. */
  digest: string;
  /** The message, without recipients. */
  message: Omit<PreparedMessage, 'dests'>;
  rate?: number;
  concurrency: number;
  /** ISO 8601, UTC. */
  startedAt: string;
}

/** Counts of the recipients that were read. */
export interface IntakeCounts {
  total: number;
  recipients: number;
  invalid: number;
  duplicate: number;
  /** Parts of all messages. */
  parts: number;
}

/** A campaign without its requests. */
export interface CampaignRecord extends CampaignFacts, IntakeCounts {
  state: CampaignState;
  reason?: PauseReason;
  /** When the pause ends, if known. ISO 8601, UTC. */
  resumesAt?: string;
  /** Set when the campaign is over. */
  report?: CampaignReport;
}

/** The recipients of a request, written once. */
export interface CampaignChunk {
  dests: string[];
  /** The text, unless it is that of the message. */
  body?: string;
}

/** Data of the job of a request. The id of the job is the number of its chunk. */
export interface ChunkJob {
  /** When the first try of unknown outcome left. */
  doubt?: Moment;
  /** The same by one clock, for version 0.1.0: milliseconds since 1970. */
  doubtSince?: number;
  /** Whether a person decided to send it again. Recipients with a delivery report are left out then. */
  again?: boolean;
}

/** Result of a request, stored under the number of its chunk. */
export interface ChunkResult {
  /** Number of its recipients. */
  recipients: number;
  fate: 'sent' | 'notSent' | 'unknown';
  /** Number of recipients that the gateway rejected. */
  rejected?: number;
  /** The rejected recipients that the gateway named, unless all were rejected. */
  rejectedDests?: string[];
  reason?: string;
  /** The gateway's id of the request. Set in tracked campaigns. */
  jobId?: string;
  /** When the request left: milliseconds since 1970. Set in tracked campaigns. */
  at?: number;
  /** Context of the span of the send. Set in tracked campaigns whose sends are traced. */
  traceparent?: string;
}
