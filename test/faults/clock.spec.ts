import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { DONE, eventually, RecordingHandler, untilCounts } from '../contract/queue/engine-under-test.js';
import { TestStorage } from '../support/application.js';
import { setClock } from '../support/set-clock.js';

const HOUR = 3_600_000;

let storage: TestStorage;
let engine: StoredEngine;
const open = async (): Promise<StoredEngine> =>
  (engine = await StoredEngine.inDirectory(join(storage.path, 'default')));
beforeEach(async () => {
  storage = await TestStorage.make();
  await open();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await engine.close();
  await storage.remove();
});

describe('a clock that is set', () => {
  it('back lets no job wait longer than its delay', async () => {
    const queue = engine.queue<number>('pages');
    const handler = new RecordingHandler<number>(({ attempt }) => {
      if (attempt === 1) setClock(-2 * HOUR);
      return attempt < 3 ? { kind: 'again', inMs: 50 } : DONE;
    });
    queue.consume(handler.handle, { concurrency: 1 });
    await queue.add([{ id: 'delayed', data: 1, delayMs: 300 }]);
    setClock(-HOUR);
    await queue.add([{ id: 'later', data: 2, delayMs: 100 }]);
    await untilCounts(queue, { waiting: 0, active: 0 });
    expect(handler.jobs).toHaveLength(6);
  });

  it('back while no process runs lets no job wait longer than the rest of its delay', async () => {
    await engine.queue('pages').add([{ id: 'delayed', data: 1, delayMs: 300 }]);
    await engine.close();
    setClock(-24 * HOUR);
    const queue = (await open()).queue<number>('pages');
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    await eventually('the job is delivered', () => handler.jobs.length === 1);
  });

  it('forward makes delayed jobs due as if the time had passed', async () => {
    const queue = engine.queue<number>('pages');
    await queue.add([{ id: 'delayed', data: 1, delayMs: HOUR }]);
    setClock(2 * HOUR);
    const handler = new RecordingHandler<number>();
    queue.consume(handler.handle, { concurrency: 1 });
    await eventually('the job is delivered', () => handler.jobs.length === 1);
    setClock(0);
    await queue.add([{ id: 'short', data: 2, delayMs: 50 }]);
    await eventually('a job that is added after the clock was corrected is delivered', () => handler.jobs.length === 2);
  });
});
