import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger, type InjectionToken } from '@nestjs/common';
import type { OurSmsApplication } from './oursms.application.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import type { QueueEngineSource } from '../queue/queue-engine-source.js';
import { StoredEngine } from '../queue/stored-engine.js';

/** Place of the queues of an account: a directory, a server, or memory. */
export interface StoragePlace {
  /**
   * @param ending Ends the wait for a directory that another process has locked.
   * @throws {OurSmsStorageError} when the directory is locked, cannot be written, is damaged, or is of a newer version
   */
  open(ending: AbortSignal): Promise<QueueEngine>;
  /** Whether the place may contain data of an earlier process. */
  exists(): Promise<boolean>;
}

/** Extra milliseconds that a process may need to stop, for the hooks of the application for example. */
const END_MARGIN_MS = 5_000;

/** The place in the options: a directory, an engine that several processes share, or memory, which logs a warning. */
export function storagePlace({ storage, gateway, dlr }: ResolvedOptions, application: OurSmsApplication): StoragePlace {
  if (storage === 'memory') return memory;
  // An earlier process waits this long for its listeners and requests before it releases a directory.
  const ms = Math.max(dlr.shutdownTimeoutMs, gateway.timeoutMs) + END_MARGIN_MS;
  return 'openEngine' in storage ? sharedPlace(storage, gateway.name, ms, application) : directory(storage.path, ms);
}

function directory(path: string, ms: number): StoragePlace {
  const marker = join(path, 'CURRENT');
  return {
    open: (signal) => StoredEngine.inDirectory(path, 'storage.path', { ms, signal }),
    exists: async () =>
      access(marker).then(
        () => true,
        () => false,
      ),
  };
}

function sharedPlace(
  source: QueueEngineSource,
  account: string,
  ms: number,
  application: OurSmsApplication,
): StoragePlace {
  const find = <T>(token: unknown): T | undefined => application.find<T>(token as InjectionToken<T>);
  return {
    open: (signal) => source.openEngine({ account, lockPatience: { ms, signal }, find }),
    exists: () => Promise.resolve(true),
  };
}

const memory: StoragePlace = {
  open: async () => {
    new Logger('OurSmsModule').warn(
      "storage is 'memory': unfinished delivery reports and campaigns are lost when this process ends",
    );
    return StoredEngine.inMemory();
  },
  exists: () => Promise.resolve(false),
};

/** The engine of an account: opened when it is first needed, and closed when the application stops. */
export class AccountStorage {
  readonly #ending = new AbortController();
  #engine: Promise<QueueEngine> | undefined;
  #isClosed = false;

  constructor(private readonly place: StoragePlace) {}

  /** @throws {OurSmsStorageError} when it is closed, or cannot be opened: then the next call tries again */
  async engine(): Promise<QueueEngine> {
    if (this.#engine) return this.#engine;
    if (this.#isClosed) {
      throw new OurSmsStorageError('The store is closed: the application has stopped.', { fault: 'closed' });
    }
    const engine = this.place.open(this.#ending.signal);
    this.#engine = engine;
    engine.catch(() => (this.#engine = undefined));
    return engine;
  }

  /** Whether the engine is open or being opened. */
  get isOpened(): boolean {
    return this.#engine !== undefined;
  }

  /** Whether the store has data, or may have. */
  async exists(): Promise<boolean> {
    return this.#engine !== undefined || this.place.exists();
  }

  /** @throws {OurSmsStorageError} when the engine takes no writes now. An engine that was not needed yet is not checked. */
  async checkWritable(): Promise<void> {
    const engine = await this.#engine;
    await engine?.checkWritable();
  }

  /** Ends the wait for a store that another process has locked. */
  stopOpening(): void {
    this.#ending.abort();
  }

  /** Closes the engine. Its users must have stopped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const engine = await this.#engine?.catch(() => undefined);
    await engine?.close();
  }
}
