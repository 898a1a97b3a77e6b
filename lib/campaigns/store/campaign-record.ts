import type { Moment } from '../../sending/moment.js';
import type { PreparedMessage } from '../../sending/prepare-message.js';
import type { CampaignReport, CampaignState, PauseReason } from '../campaign.types.js';

/** Tells a campaign from all others, also from one of the same id that was removed, or whose recipients were not read whole. */
export interface CampaignKey {
  id: string;
  /** A new one for each start: late writes of a suspended process belong to no campaign. */
  run: string;
}

/** Constant data of a campaign, written before its recipients are read. */
export interface CampaignFacts extends CampaignKey {
  /** Told from another message under the same id. */
  digest: string;
  /** The message, without recipients. */
  message: Omit<PreparedMessage, 'dests'>;
  rate?: number;
  concurrency: number;
  /** ISO 8601, UTC. */
  startedAt: string;
}

/** Counts of the recipients, made while they were read. */
export interface IntakeCounts {
  total: number;
  recipients: number;
  invalid: number;
  duplicate: number;
  /** Parts of all messages. */
  parts: number;
}

/** A campaign besides its requests. */
export interface CampaignRecord extends CampaignFacts, IntakeCounts {
  state: CampaignState;
  reason?: PauseReason;
  /** Paused for the gateway: when it is tried again. ISO 8601, UTC. */
  resumesAt?: string;
  /** Once it is over. */
  report?: CampaignReport;
}

/** The recipients of a request, written once. */
export interface CampaignChunk {
  dests: string[];
  /** The text, where it is not the message's own. */
  body?: string;
}

/** A request of a campaign, as it waits; its name is the number of its chunk. */
export interface ChunkJob {
  /** When a try began whose outcome is unknown. */
  doubt?: Moment;
  /** The same by one clock, as earlier versions wrote and read it: milliseconds since 1970. */
  doubtSince?: number;
  /** Whether it is sent again because a person said so: not to those whose report says that they got it. */
  again?: boolean;
}

/** Result of a request, kept under the number of its chunk. */
export interface ChunkResult {
  /** How many it has. */
  recipients: number;
  fate: 'sent' | 'notSent' | 'unknown';
  /** How many of them the gateway rejected. */
  rejected?: number;
  /** Those of them that it named, unless all are rejected. */
  rejectedDests?: string[];
  reason?: string;
  /** The gateway's id of the request, where its reports are matched. */
  jobId?: string;
  /** When it was about to leave, where its reports are matched: milliseconds since 1970. */
  at?: number;
  /** Context of the span of its send, where its reports are matched and it is traced. */
  traceparent?: string;
}
