import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { DlrGaps } from '../../lib/inbox/dlr-gaps.js';
import type { DlrGap } from '../../lib/inbox/dlr-events.js';
import type { DlrPublisher } from '../../lib/inbox/dlr-publisher.js';
import { Spool, type SpooledJobs } from '../../lib/bullmq/spool.js';
import { TestStorage, until } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithRedis, reachRedis } from '../support/redis-at-hand.js';
import { passTime, setClock } from '../support/set-clock.js';
import { SharedCampaigns } from '../support/shared-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const HTTP = { timeoutMs: 1_500 };

afterEach(() => void jest.restoreAllMocks());

describeWithRedis('instances that share a Redis', () => {
  const redis = RedisBench.forEach();

  it.each([-HOUR, HOUR])(
    'announce an interrupted download only after its timeout, although one clock is off by %d ms',
    async (byMs) => {
      const engine = await redis.open(await redis.reach());
      const told: DlrGap[] = [];
      const publisher = { gap: (gap: DlrGap) => Promise.resolve(told.push(gap)) } as unknown as DlrPublisher;
      const gaps = new DlrGaps(engine, publisher, 'default', 500);
      await gaps.intend(500);
      setClock(byMs);
      await gaps.announceInterrupted();
      expect(told).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 1_510));
      await gaps.announceInterrupted();
      expect(told).toMatchObject([{ atMost: 500 }]);
    },
  );

  /** One instance disconnects with a request in flight, and another one with a different clock takes over. */
  const takeOver = async (bench: SharedCampaigns, byMs: number): Promise<ReturnType<SharedCampaigns['join']>> => {
    const options = { retry: { delayMs: 5, unknownOutcome: 'guarded' as const }, http: HTTP };
    const first = await bench.join(options);
    bench.gateway.faults.chance('latency', 1, { ms: 300, on: 'send' });
    await first.face.start({ id: 'sale', message: { src: 'MyBrand', body: 'hello' }, recipients: mobiles(3_000) });
    await bench.untilUnderWay(2);
    first.vanish();
    passTime(() => 0, byMs);
    return bench.join(options);
  };

  it.each([-10 * MINUTE, 2 * HOUR])(
    'send no message twice when their clocks differ by %d ms, and list recipients in doubt as unknown',
    async (byMs) => {
      const atHand = await reachRedis();
      const bench = await SharedCampaigns.start(atHand);
      try {
        const second = await takeOver(bench, byMs);
        const report = await (await second.found('sale')).done;
        expect(report).toMatchObject({ notSent: 0, rejected: 0 });
        expect(report.unknown).toBeGreaterThan(0);
        expect(report.sent + report.unknown).toBe(3_000);
        expect(Math.max(...bench.reached(3_000))).toBe(1);
      } finally {
        await bench.remove();
        await atHand.remove();
      }
    },
  );
});

it('a spool delivers jobs in the order they were added, although the clock was set back in between', async () => {
  const storage = await TestStorage.make();
  const delivered: string[] = [];
  let isThere = false;
  const target = {
    deliver: ({ id, queue }: SpooledJobs) =>
      isThere ? Promise.resolve(void delivered.push(`${queue} ${id.length}`)) : Promise.reject(new Error('away')),
    forget: () => Promise.resolve(),
    changed: () => new Promise<void>((resolve) => setTimeout(resolve, 20)),
  };
  const add = async (queue: string): Promise<void> => {
    const spool = await Spool.open(storage.path, target);
    await spool.add(queue, [], []);
    await spool.close();
  };
  try {
    await add('first');
    setClock(-HOUR);
    await add('second');
    const spool = await Spool.open(storage.path, target);
    isThere = true;
    await until('both are delivered', () => delivered.length === 2);
    await spool.close();
    expect(delivered).toEqual(['first 36', 'second 36']);
  } finally {
    await storage.remove();
  }
});

afterAll(endWhatIsLeft);
