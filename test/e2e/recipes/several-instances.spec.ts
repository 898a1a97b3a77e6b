import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { bootstrap, Deliveries } from '../../../sample-app/recipes/several-instances.js';
import { until } from '../../support/application.js';
import { mobiles } from '../../support/campaign-bench.js';
import { RecipeBench } from '../../support/recipe-bench.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../../support/redis-at-hand.js';

jest.setTimeout(60_000);

const REPORTS = 30;

describeWithRedis('the recipe of several instances', () => {
  let redis: RedisAtHand;
  let bench: RecipeBench;
  let one: INestApplicationContext;
  let two: INestApplicationContext;
  /** Addresses of the two instances. */
  let urls: [string, string];

  beforeEach(async () => {
    redis = await reachRedis();
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, POLL_EVERY_MS: '20' };
    bench = await RecipeBench.open({}, { ...env, INSTANCE: 'one' });
    one = await bench.start(bootstrap);
    const first = bench.url;
    process.env.INSTANCE = 'two';
    two = await bench.start(bootstrap);
    urls = [first, bench.url];
  });

  afterEach(async () => {
    await bench?.close();
    await redis?.remove();
  });

  const handledBy = (app: INestApplicationContext): string[] => app.get(Deliveries).handled;
  const handled = (): string[] => [...handledBy(one), ...handledBy(two)];
  /** Selects the instance of the next request. */
  const at = (index: 0 | 1): RecipeBench => Object.assign(bench, { url: urls[index] });

  it('handles each report once, on either instance', async () => {
    for (const [index, number] of mobiles(10).entries()) {
      expect((await at(index % 2 === 0 ? 0 : 1).post('/messages', { number })).status).toBe(202);
    }
    await until('all reports are handled', () => handled().length >= 10);
    expect(new Set(handled()).size).toBe(10);
    const counts = await Promise.all(([0, 1] as const).map(async (index) => (await at(index).get('/handled')).body));
    expect(counts).toEqual([{ handled: handledBy(one).length }, { handled: handledBy(two).length }]);
  });

  it('sends a campaign once to each recipient, and shows it on both instances', async () => {
    await at(0).post('/campaigns/opening', { numbers: mobiles(700) });
    const state = async (index: 0 | 1): Promise<unknown> =>
      ((await at(index).get('/campaigns/opening')).body as { state?: string }).state;
    await until(
      'both instances show the campaign as done',
      async () => (await state(0)) === 'done' && (await state(1)) === 'done',
    );
    expect(new Set(bench.gateway.messages.map(({ dest }) => dest)).size).toBe(700);
    expect(bench.gateway.messages).toHaveLength(700);
    expect((await at(1).get('/campaigns/another')).status).toBe(404);
  });

  it('leaves no report behind when the instance that polls ends in the middle of a download', async () => {
    bench.gateway.faults.chance('latency', 1, { ms: 30, on: 'dlrs' });
    for (let i = 0; i < REPORTS; i++) bench.gateway.pushReport('demo', { msgId: `m${i}`, status: 'delivered' });
    await until('a download has begun', () => bench.gateway.totals.handedOut > 0);
    await one.close();
    for (let i = 0; i < REPORTS; i++) bench.gateway.pushReport('demo', { msgId: `n${i}`, status: 'delivered' });
    await until('all reports are handled', () => new Set(handled()).size === 2 * REPORTS, 20_000);
    expect(handled()).toHaveLength(2 * REPORTS);
    expect(bench.logs.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
