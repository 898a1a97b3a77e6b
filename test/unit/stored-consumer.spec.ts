import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LevelStore } from '../../lib/queue/level-store.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import type { OrderedStore } from '../../lib/queue/ordered-store.js';
import { eventually, Gate, jobsNamed, pause, RecordingHandler } from '../contract/queue/engine-under-test.js';
import { TestStorage } from '../support/application.js';

const CONCURRENCY = 3;
const JOBS = 20;

let storage: TestStorage;
let engine: StoredEngine;
beforeEach(async () => {
  storage = await TestStorage.make();
  engine = await StoredEngine.inDirectory(join(storage.path, 'default'));
});
afterEach(async () => {
  await engine.close();
  jest.restoreAllMocks();
  await storage.remove();
});

/** Calls a function before each write to LevelDB, and writes when its promise has resolved. */
function beforeEachWrite(wait: () => Promise<unknown>): void {
  const write = Object.getOwnPropertyDescriptor(LevelStore.prototype, 'write')?.value as OrderedStore['write'];
  jest.spyOn(LevelStore.prototype, 'write').mockImplementation(async function (this: LevelStore, changes) {
    await wait();
    await write.call(this, changes);
  });
}

describe('a consumer with idleAtFirst', () => {
  it('has at most twice its concurrency of jobs without a durable outcome while no write finishes', async () => {
    const queue = engine.queue<number>('requests');
    await queue.add(jobsNamed('job', JOBS));
    const disk = new Gate();
    beforeEachWrite(() => disk.opened);
    const handler = new RecordingHandler<number>();
    const consumer = queue.consume(handler.handle, { concurrency: CONCURRENCY, idleAtFirst: true });
    try {
      await eventually('two batches are delivered', () => handler.jobs.length >= 2 * CONCURRENCY);
      await pause(100);
      expect(handler.ids).toHaveLength(2 * CONCURRENCY);
    } finally {
      disk.open();
    }
    await eventually('all jobs are done', async () => (await queue.pending()) === 0);
    expect(handler.ids).toHaveLength(JOBS);
    await consumer.stop();
  });

  it('has at most twice its concurrency of jobs without a durable outcome while writes are slow', async () => {
    const queue = engine.queue<number>('requests');
    await queue.add(jobsNamed('job', JOBS));
    beforeEachWrite(() => pause(10));
    let durable = 0;
    let most = 0;
    const handler = new RecordingHandler<number>(() => {
      most = Math.max(most, handler.jobs.length - durable);
      return { kind: 'done', written: () => void (durable += 1) };
    });
    const consumer = queue.consume(handler.handle, { concurrency: CONCURRENCY, idleAtFirst: true });
    await eventually('all jobs are done', () => durable === JOBS);
    expect(most).toBeLessThanOrEqual(2 * CONCURRENCY);
    await consumer.stop();
  });
});
