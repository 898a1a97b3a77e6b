import type { PreparedMessage } from '../prepare-message.js';
import type { CampaignReport, CampaignState, PauseReason } from './campaign.types.js';

/** What is kept of a campaign besides its requests. */
export interface CampaignRecord {
  id: string;
  /** Told from another message under the same id. */
  digest: string;
  /** The message, without recipients. */
  message: Omit<PreparedMessage, 'dests' | 'skipped'>;
  state: CampaignState;
  reason?: PauseReason;
  rate?: number;
  concurrency: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** What its recipients came to while they were read. */
  total: number;
  recipients: number;
  invalid: number;
  duplicate: number;
  parts: number;
  /** Once it is done. */
  report?: CampaignReport;
}

/** A request of a campaign, as it waits. */
export interface CampaignChunk {
  dests: string[];
  /** The text, where it is not the message's own. */
  body?: string;
  /** When a try began whose outcome is unknown: milliseconds since 1970. */
  doubtSince?: number;
}

/** What became of a request. */
export interface ChunkResult {
  dests: string[];
  body?: string;
  fate: 'sent' | 'notSent' | 'unknown';
  /** How many of them the gateway rejected. */
  rejected?: number;
  /** Those of them that it named. */
  rejectedDests?: string[];
  reason?: string;
}

/** The names of what is kept of an account's campaigns. */
export class CampaignNames {
  constructor(private readonly account: string) {}

  /** What the names of all records start with. */
  get records(): string {
    return `${this.account}/campaigns/`;
  }

  record(id: string): string {
    return this.records + encodeURIComponent(id);
  }

  queue(id: string): string {
    return `${this.account}/campaign/${id}`;
  }

  /** What the names of a list of a campaign start with. */
  list(id: string, list: 'result' | 'invalid' | 'duplicate'): string {
    return `${this.account}/campaign/${encodeURIComponent(id)}/${list}/`;
  }
}
