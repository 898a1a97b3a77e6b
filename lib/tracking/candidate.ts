import type { Dlr } from '../dto/dlr.js';
import type { PageNotes } from './page-notes.js';

/** How a report was matched with its message. */
export type MatchedBy = 'msgId' | 'job' | 'dest';

/** A message to one recipient that a report may belong to. */
export interface Candidate {
  /** When it was about to leave: milliseconds since 1970. */
  readonly at: number;
  /** Unset when it is not known. */
  readonly src?: string;
  /** The gateway's ids, as far as they are known. */
  readonly jobId?: string;
  readonly msgId?: string;
  /** Number of parts of its text. The gateway may report each part with an id of its own. */
  readonly parts: number;
  /** Whether the message was certainly not sent, or was rejected. */
  readonly isRuledOut: boolean;
  /** Whether the message was forgotten. It matches no report, and keeps its reports from matching other messages. */
  readonly isForgotten?: boolean;
  /** Resolves when the answer to its request is stored. Unset when this process waits for no answer. */
  readonly inFlight?: Promise<unknown>;
  /** The `msgDate` of each report that was matched with it. Empty for campaigns, which do not store it. */
  msgDates(): Promise<readonly string[]>;
  /**
   * Matches the report with this message: its note is written together with the page.
   *
   * @returns The fields of the message for the event of the report.
   */
  take(dlr: Dlr, notes: PageNotes): TrackedFields;
}

/** Fields of a message that the event of its report has. */
export interface TrackedFields {
  reference?: string;
  campaign?: string;
  /** ISO 8601, UTC. */
  sentAt: string;
  /** Trace context of its send. No event shows it. */
  traceparent?: string;
}

/**
 * The message that the gateway's ids identify. `gone`: the ids are known, but their message was forgotten, or has another
 * recipient than the report. Then the report matches no message at all.
 */
export type FoundById = { candidate: Pick<Candidate, 'take'>; by: 'msgId' | 'job' } | 'gone';

/** A source of messages that a report may belong to. */
export interface CandidateSource {
  /** Whether there are no tracked messages. */
  isEmpty(): Promise<boolean>;
  /** Finds the message of each report by the gateway's ids; undefined where the ids are not known. */
  byIds(dlrs: readonly Dlr[]): Promise<(FoundById | undefined)[]>;
  /** Finds the messages to the recipient of each report. */
  byDest(dlrs: readonly Dlr[]): Promise<Candidate[][]>;
}
