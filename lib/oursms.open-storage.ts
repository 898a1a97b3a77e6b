import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { QueueEngine } from './queue/durable-queue.js';
import { StoredEngine } from './queue/stored-engine.js';

/** What the queues of an account are kept in. */
export interface StoragePlace {
  /** @throws {OurSmsStorageError} when the directory is locked, cannot be written, or is damaged */
  open(): Promise<QueueEngine>;
  /** Whether something was kept there before. */
  exists(): Promise<boolean>;
}

/** A directory, or the memory of the process, which keeps nothing and is told so. */
export function storagePlace(storage: { path: string } | 'memory'): StoragePlace {
  if (storage !== 'memory') {
    const open = (): Promise<QueueEngine> => StoredEngine.inDirectory(storage.path);
    const marker = join(storage.path, 'CURRENT');
    return {
      open,
      exists: async () =>
        access(marker).then(
          () => true,
          () => false,
        ),
    };
  }
  const open = async (): Promise<QueueEngine> => {
    new Logger('OurSmsModule').warn(
      "storage is 'memory': what is not done when this process ends is lost: delivery reports and campaigns",
    );
    return StoredEngine.inMemory();
  };
  return { open, exists: () => Promise.resolve(false) };
}

/** The engine of an account: opened once, by whoever needs it first, and closed when the application ends. */
export class OurSmsStorage implements OnApplicationShutdown {
  #engine: Promise<QueueEngine> | undefined;

  constructor(private readonly place: StoragePlace) {}

  /** @throws {OurSmsStorageError} when it cannot be opened; the next call tries again */
  engine(): Promise<QueueEngine> {
    if (this.#engine) return this.#engine;
    const engine = this.place.open();
    this.#engine = engine;
    engine.catch(() => (this.#engine = undefined));
    return engine;
  }

  /** Whether something is, or was kept. */
  async exists(): Promise<boolean> {
    return this.#engine !== undefined || this.place.exists();
  }

  /** The last phase: whoever uses it has stopped. */
  async onApplicationShutdown(): Promise<void> {
    const engine = await this.#engine?.catch(() => undefined);
    await engine?.close();
  }
}
