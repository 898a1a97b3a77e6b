import type { QueueEngine, QueueEngineContext } from './durable-queue.js';

/** As much of an engine as an application sees: where it is given to the option `storage`, and nothing to call. */
export interface StorageEngine {
  openEngine(context: never): Promise<object>;
}

/** Factory of engines: a value of the option `storage` besides a directory and `'memory'`. */
export interface QueueEngineSource extends StorageEngine {
  /**
   * Opens the engine of an account. What it connects to need not be there yet.
   *
   * @throws {OurSmsStorageError} when it can never be used as it is set up
   * @internal
   */
  openEngine(context: QueueEngineContext): Promise<QueueEngine>;
}
