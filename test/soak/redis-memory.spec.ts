import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { connectionLike } from '../../lib/bullmq/redis-connection.js';
import { RedisLink } from '../../lib/bullmq/redis-link.js';
import { eventually } from '../contract/queue/engine-under-test.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import type { TestRedis } from '../support/redis.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const AT_ONCE = 10_000;
const MOST_BYTES = 8_000_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use. */
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describeWithOwnRedis('the connection to Redis', () => {
  const bench = RedisBench.forEach();
  let link: RedisLink | undefined;
  afterEach(() => link?.end());

  const connectTo = async ({ connection }: TestRedis): Promise<RedisLink> => {
    const made = new RedisLink(connectionLike(connection), () => Promise.resolve(undefined));
    link = made;
    await eventually('Redis answers', () => made.isReady);
    return made;
  };

  it('frees the memory of waits for a change that have timed out', async () => {
    const connected = await connectTo(await bench.redis());
    const wait = (): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, () => connected.changed(1)));
    await wait();
    const before = heap();
    for (let round = 0; round < 10; round++) await wait();
    expect(heap() - before).toBeLessThan(MOST_BYTES);
  });

  it('ends all waits for a change when it breaks', async () => {
    const server = await bench.redis();
    const connected = await connectTo(server);
    const waiting = Promise.all([connected.changed(60_000), connected.changed(60_000)]);
    await server.stop();
    await waiting;
  });
});

afterAll(endWhatIsLeft);
