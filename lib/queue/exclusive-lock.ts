import { setTimeout as wait } from 'node:timers/promises';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { QueueEngine } from './durable-queue.js';

const RETRY_EVERY_MS = 50;

/** An exclusive lock that this process holds. */
export interface HeldLock {
  /** @throws {OurSmsStorageError} when the lock is lost: this process was suspended, or its store was not available */
  check(): Promise<void>;
}

/**
 * Does exclusive work, if no other process holds the lock.
 *
 * @returns The result; undefined when another process holds the lock.
 */
export async function withLock<R>(
  engine: QueueEngine,
  name: string,
  work: (lock: HeldLock) => Promise<R>,
): Promise<{ done: R } | undefined> {
  const lease = await engine.exclusive(name);
  if (lease === undefined) return undefined;
  const check = async (): Promise<void> => {
    if (lease.isValid()) return;
    // Throws when the store is closed or not available.
    await engine.read(name);
    throw new OurSmsStorageError(
      'This process was suspended for too long, and another process may have taken over its work.',
      { fault: 'failed' },
    );
  };
  try {
    return { done: await work({ check }) };
  } finally {
    // A lease that cannot be released expires.
    await lease.release().catch(() => undefined);
  }
}

/** Does exclusive work, once no other process holds the lock. */
export async function waitForLock<R>(
  engine: QueueEngine,
  name: string,
  work: (lock: HeldLock) => Promise<R>,
): Promise<R> {
  for (;;) {
    const outcome = await withLock(engine, name, work);
    if (outcome) return outcome.done;
    await wait(RETRY_EVERY_MS);
  }
}
