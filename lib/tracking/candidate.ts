import type { Dlr } from '../dto/dlr.js';
import type { PageNotes } from './page-notes.js';

/** How a report was matched with its message. */
export type MatchedBy = 'msgId' | 'job' | 'dest';

/** A message to one recipient that a report may belong to. */
export interface Candidate {
  /** When it was about to leave: milliseconds since 1970. */
  readonly at: number;
  /** Unset where it is not known. */
  readonly src?: string;
  /** The gateway's ids, as far as they are known. */
  readonly jobId?: string;
  readonly msgId?: string;
  /** Parts of its text: the gateway may report each with an id of its own. */
  readonly parts: number;
  /** Whether it certainly did not leave, or was rejected. */
  readonly isOut: boolean;
  /** Whether it was forgotten: no report is matched with it, and it keeps its reports from being matched with others. */
  readonly isForgotten?: boolean;
  /** Resolves when its request has an answer, if this process waits for that. */
  readonly inFlight?: Promise<unknown>;
  /** The `msgDate` of each report that was matched with it, where reports are kept one by one. */
  msgDates(): Promise<readonly string[]>;
  /**
   * The report belongs to it: it is written with its page.
   *
   * @returns What the event says of it.
   */
  take(dlr: Dlr, notes: PageNotes): TrackedFields;
}

/** What a report's event says of its message. */
export interface TrackedFields {
  reference?: string;
  campaign?: string;
  /** ISO 8601, UTC. */
  sentAt: string;
  /** Context of the span of its send, which no event shows. */
  traceparent?: string;
}

/**
 * The message of a report by the ids of the gateway. `gone`: the ids are known, but their message was forgotten, or has another
 * recipient than the report: it belongs to no other message either.
 */
export type FoundById = { candidate: Pick<Candidate, 'take'>; by: 'msgId' | 'job' } | 'gone';

/** Messages that reports may belong to. */
export interface CandidateSource {
  /** Whether there are any. */
  isEmpty(): Promise<boolean>;
  /** The message of each report by the ids of the gateway; undefined where these are not known. */
  byIds(dlrs: readonly Dlr[]): Promise<(FoundById | undefined)[]>;
  /** The messages to the recipient of each report. */
  byDest(dlrs: readonly Dlr[]): Promise<Candidate[][]>;
}
