import type { Dlr } from '../dto/dlr.js';
import type { NoteChange } from '../queue/durable-queue.js';

/** Finds the messages that reports belong to. */
export interface ReportMatching {
  /** Whether messages are tracked. */
  readonly isOn: boolean;
  /**
   * Adds to each report the known facts about its message.
   *
   * @returns `changes`: notes for the write that settles the page of the reports, called right before that write. `written`:
   * called when that write is durable.
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  match(dlrs: readonly Dlr[]): Promise<{ changes(): NoteChange[]; written(): void }>;
}
