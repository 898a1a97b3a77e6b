import type { Dlr } from '../dto/dlr.js';
import type { NoteChange } from '../queue/durable-queue.js';

/** Finds the messages that reports belong to. */
export interface ReportMatching {
  /** Whether messages are tracked. */
  readonly isOn: boolean;
  /**
   * Fills in what is known of the message of each report.
   *
   * @returns The changes to write by the write that settles the page of the reports, asked for then, and told when it is durable.
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  match(dlrs: readonly Dlr[]): Promise<{ changes(): NoteChange[]; written(): void }>;
}
