import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import type { QueueEngine } from '../../lib/queue/durable-queue.js';
import { hasRedis, TestRedis } from '../support/redis.js';
import { describeQueueEngine } from './queue/queue-contract.js';

(hasRedis ? describe : describe.skip)('with Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    // Handlers fail on purpose.
    Logger.overrideLogger(false);
    // What outlives an end of Redis itself is tested in test/faults.
    redis = await TestRedis.start('--appendonly', 'no');
  });

  afterAll(async () => {
    Logger.overrideLogger(['log', 'error', 'warn']);
    await redis.remove();
  });

  describeQueueEngine({
    name: 'BullMQ',
    isDurable: true,
    start: async () => {
      const source = bullMqEngine({ connection: redis.connection, prefix: randomUUID() });
      const open = (): Promise<QueueEngine> => source.openEngine({ account: 'default', find: () => undefined });
      let engine = await open();
      return {
        get engine() {
          return engine;
        },
        reopen: async () => {
          await engine.close();
          engine = await open();
        },
        remove: () => engine.close(),
      };
    },
  });
});
