import type { QueueEngine, QueueEngineContext } from './durable-queue.js';

/** A value of the option `storage`. Applications pass it on, and do not call it. */
export interface StorageEngine {
  openEngine(context: never): Promise<object>;
}

/** Factory of engines: a value of the option `storage`, apart from a directory and `'memory'`. */
export interface QueueEngineSource extends StorageEngine {
  /**
   * Opens the engine of an account. Its server need not be reachable yet.
   *
   * @throws {OurSmsStorageError} when its configuration can never work
   * @internal
   */
  openEngine(context: QueueEngineContext): Promise<QueueEngine>;
}
