import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll } from '@jest/globals';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import type { QueueEngine } from '../../../lib/queue/durable-queue.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../../support/redis-at-hand.js';
import type { EngineKind } from './engine-under-test.js';

/** Asks something of the engine in Redis, where there is one. */
export function describeInRedis(ask: (kind: EngineKind) => void): void {
  describeWithRedis('with Redis', () => {
    let redis: RedisAtHand;

    beforeAll(async () => {
      // Handlers fail on purpose.
      Logger.overrideLogger(false);
      // What outlives an end of Redis itself is tested in test/faults.
      redis = await reachRedis('--appendonly', 'no');
    });

    afterAll(async () => {
      Logger.overrideLogger(['log', 'error', 'warn']);
      await redis.remove();
    });

    ask({
      name: 'BullMQ',
      isDurable: true,
      start: async () => {
        const prefix = `${redis.prefix}-${randomUUID()}`;
        const source = bullMqEngine({ connection: redis.connection, prefix });
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
}
