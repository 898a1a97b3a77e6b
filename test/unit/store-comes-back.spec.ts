import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OurSmsStorageError } from 'nestjs-oursms';
import { MemoryStore } from '../../lib/queue/memory-store.js';
import type { StoreChange } from '../../lib/queue/ordered-store.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { until } from '../support/application.js';

/** A store whose disk can be full. */
class FillableStore extends MemoryStore {
  isFull = false;

  override write(changes: StoreChange[]): Promise<void> {
    if (!this.isFull) return super.write(changes);
    return Promise.reject(new OurSmsStorageError('The store has no room left.', { fault: 'full' }));
  }
}

describe('a queue whose store could not be written for a while', () => {
  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(['log', 'error', 'warn']));

  it('hands out again what it could not settle, without anything new coming in', async () => {
    const store = new FillableStore();
    const engine = new StoredEngine(store, true);
    const queue = engine.queue<string>('work');
    const tries: string[] = [];
    queue.consume(
      async ({ id }) => {
        store.isFull = tries.length === 0;
        tries.push(id);
        return { kind: 'done' };
      },
      { concurrency: 1 },
    );
    await queue.add([{ id: 'one', data: '' }]);
    await until('the store is found full', () => tries.length === 1);
    await expect(queue.add([{ id: 'two', data: '' }])).rejects.toThrow(OurSmsStorageError);
    store.isFull = false;
    await until('it is handed out again', () => tries.length > 1);
    expect(tries).toEqual(['one', 'one']);
    await engine.close();
  });
});
