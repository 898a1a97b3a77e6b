import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach } from '@jest/globals';

// Jest runs this before each spec file. Before Node 24, each promise costs time for every AsyncLocalStorage that was ever used
// in the process and not disabled. Jest uses one for each file, this library one for each account with interceptors: without
// this, a worker gets slower with each of them.

type Storages = Set<AsyncLocalStorage<unknown>>;

/** The class is the worker's own: it outlives the file, as the storages do. */
const worker = AsyncLocalStorage as { usedStorages?: Storages };
const used = (worker.usedStorages ??= watchStorages());

/** Notes from now on which storages are used. One that is used again after it was disabled is enabled by that. */
function watchStorages(): Storages {
  const storages: Storages = new Set();
  const { prototype } = AsyncLocalStorage<unknown>;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on its storage
  const { run } = prototype;
  prototype.run = function (this: AsyncLocalStorage<unknown>, ...given: Parameters<typeof run>) {
    storages.add(this);
    return run.apply(this, given);
  } as typeof run;
  return storages;
}

function disable(isOver: (storage: AsyncLocalStorage<unknown>) => boolean): void {
  for (const storage of used) {
    if (!isOver(storage)) continue;
    used.delete(storage);
    storage.disable();
  }
}

// Those of the files before this one.
disable(() => true);
// Those of the tests before this one; Jest is in the middle of using its own.
beforeEach(() => disable((storage) => storage.getStore() === undefined));
