import { Logger } from '@nestjs/common';
import type { QueueEngine } from './queue/durable-queue.js';
import { StoredEngine } from './queue/stored-engine.js';

/** Opens what the queues of an account are kept in. */
export type StorageOpener = () => Promise<QueueEngine>;

/**
 * Opens a directory, or the memory of the process, which keeps nothing and is told so.
 *
 * @throws {OurSmsStorageError} when the directory is locked, cannot be written, or is damaged
 */
export async function openStorage(storage: { path: string } | 'memory'): Promise<QueueEngine> {
  if (storage !== 'memory') return StoredEngine.inDirectory(storage.path);
  new Logger('OurSmsModule').warn(
    "storage is 'memory': delivery reports that are not handled yet are lost when this process ends",
  );
  return StoredEngine.inMemory();
}
