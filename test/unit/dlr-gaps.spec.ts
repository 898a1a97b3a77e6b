import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { DlrGaps } from '../../lib/inbox/dlr-gaps.js';
import { DlrPublisher } from '../../lib/inbox/dlr-publisher.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';

describe('gaps', () => {
  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(true));

  it('that are announced concurrently are each counted', async () => {
    const engine = StoredEngine.inMemory();
    // One of them for each process that shares the store.
    const publisher = new DlrPublisher(new EventEmitter2(), 1_000);
    const processes = [1, 2, 3].map(() => new DlrGaps(engine, publisher, 'default', 1_000));
    const gap = { account: 'default', at: new Date().toISOString(), atMost: 1, why: 'a test' };
    await Promise.all(processes.flatMap((one, i) => [0, 1, 2].map((j) => one.announce({ id: `${i}-${j}`, ...gap }))));
    expect(await processes[0]?.count()).toBe(9);
    await engine.close();
  });
});
