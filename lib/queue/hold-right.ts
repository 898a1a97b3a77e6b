import { setTimeout as wait } from 'node:timers/promises';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import type { QueueEngine } from './durable-queue.js';

const ASK_EVERY_MS = 50;

/** A right that this process holds. */
export interface HeldRight {
  /** @throws {OurSmsStorageError} when it was lost: this process stood still, or its store was away */
  check(): Promise<void>;
}

/**
 * Does something that only one may do at a time, if nobody else does.
 *
 * @returns What came of it; undefined when somebody else holds the right.
 */
export async function withRight<R>(
  engine: QueueEngine,
  name: string,
  act: (right: HeldRight) => Promise<R>,
): Promise<{ done: R } | undefined> {
  const lease = await engine.exclusive(name);
  if (lease === undefined) return undefined;
  const check = async (): Promise<void> => {
    if (lease.isValid()) return;
    // A store that is closed or away says so itself.
    await engine.read(name);
    throw new OurSmsStorageError(
      'This process was suspended for too long, and another process may have taken over its work.',
      {
        fault: 'failed',
      },
    );
  };
  try {
    return { done: await act({ check }) };
  } finally {
    // What is not given back ends by itself.
    await lease.release().catch(() => undefined);
  }
}

/** Does something that only one may do at a time, when its turn has come. */
export async function waitingForRight<R>(
  engine: QueueEngine,
  name: string,
  act: (right: HeldRight) => Promise<R>,
): Promise<R> {
  for (;;) {
    const outcome = await withRight(engine, name, act);
    if (outcome) return outcome.done;
    await wait(ASK_EVERY_MS);
  }
}
