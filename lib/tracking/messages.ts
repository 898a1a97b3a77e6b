import type { MessageNotice, SettledOptions, TrackedMessage, TrackingStats } from './message.types.js';

/**
 * What became of the messages of an account that are tracked: those that are sent with a `reference` or with `dlr: true`, once
 * `tracking` is set in the options.
 *
 * The unnamed account's is injected by this class, that of a named one by `InjectMessages(name)`.
 */
export abstract class Messages {
  /**
   * The messages that were sent under a reference, as far as their reports tell.
   *
   * @returns undefined when none was, or its record is not kept any more
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract get(reference: string): Promise<TrackedMessage | undefined>;

  /**
   * Waits until each recipient of a reference has a final state, and returns them as {@link get} does. It returns as well when the
   * time is over or the signal is aborted: `isFinal` is false then.
   *
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract settled(reference: string, options?: SettledOptions): Promise<TrackedMessage | undefined>;

  /**
   * The messages that have no final report although they were accepted more than `missingAfterMs` ago, oldest first, read as they
   * are asked for. Those of campaigns are listed by `Campaign.inputs('missing')`.
   *
   * @throws {OurSmsConfigError} when `tracking` is not set @throws {OurSmsStorageError} when the store cannot be read
   */
  abstract missing(): AsyncIterable<MessageNotice>;

  /**
   * Deletes all that is kept of the messages of a reference: a person's right to be forgotten. Later reports of them match nothing.
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
