import type { MessageNotice, SettledOptions, TrackedMessage, TrackingStats } from './message.types.js';

/**
 * The tracked messages of an account, and what became of them. With `tracking` in the options, messages that are sent with a
 * `reference` or with `dlr: true` are tracked.
 *
 * Inject this class for the unnamed account, and use `InjectMessages(name)` for a named one.
 */
export abstract class Messages {
  /**
   * Reads the messages that were sent under a reference, and their states.
   *
   * @returns undefined when none was sent, or its record is not stored any more
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract get(reference: string): Promise<TrackedMessage | undefined>;

  /**
   * Waits until each recipient of a reference has a final state, and returns what {@link get} returns. Also returns at the timeout,
   * or when the signal is aborted: then `isFinal` is false.
   *
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract settled(reference: string, options?: SettledOptions): Promise<TrackedMessage | undefined>;

  /**
   * Lists messages that were accepted more than `missingAfterMs` ago and have no final report, oldest first. They are read while you
   * iterate. `Campaign.inputs('missing')` lists those of a campaign.
   *
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract missing(): AsyncIterable<MessageNotice>;

  /**
   * Deletes the reference, recipients and reports of its messages: a person's right to be forgotten. Later reports of them match no
   * message.
   *
   * @returns Whether there was something to delete.
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be written
   */
  abstract forget(reference: string): Promise<boolean>;

  /**
   * Counts records and matched reports.
   *
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract stats(): Promise<TrackingStats>;
}
