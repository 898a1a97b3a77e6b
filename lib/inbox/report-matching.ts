import type { Dlr } from '../dto/dlr.js';
import type { NoteChange } from '../queue/durable-queue.js';

/** Reports with what is known of their messages. */
export interface MatchedReports {
  /** In the order in which they were given. */
  dlrs: Dlr[];
  /** Changes to write by the write that settles the page of the reports, asked for then. */
  notes: { changes(): NoteChange[] };
}

/** Finds the messages that reports belong to. */
export interface ReportMatching {
  /** Whether messages are tracked. */
  readonly isOn: boolean;
  /** @throws {OurSmsStorageError} when the store cannot be read */
  match(dlrs: readonly Dlr[]): Promise<MatchedReports>;
}
