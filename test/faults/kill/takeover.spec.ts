import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import { describeWithOwnRedis } from '../../support/redis-at-hand.js';
import { endWhatIsLeft } from '../../support/what-is-left.js';
import { LEASE_MS, PollingInstances, type PollingPlan } from './cluster/polling-instances.js';

jest.setTimeout(180_000);

/**
 * A lease runs out, and others look for that every two seconds: three leases, and as much again as a busy machine needs. Far
 * less than the time between polls.
 */
const SOON_MS = 15 * LEASE_MS;
const FROZEN_MS = 3 * LEASE_MS;

describeWithOwnRedis('the polling instance of several', () => {
  let instances: PollingInstances | undefined;
  const start = async (plan: PollingPlan): Promise<PollingInstances> =>
    (instances = await PollingInstances.start(plan));
  afterEach(async () => {
    await instances?.remove();
    instances = undefined;
  });

  it('is replaced within a few leases when it is killed, as is its successor, however rarely they poll', async () => {
    const polling = await start({ everyMs: 600_000 });
    const { watch, places } = polling;
    // All have looked: none of them polls because it has just started.
    await wait(LEASE_MS);
    for (let kills = 0; kills < 2; kills++) {
      const leader = watch.downloads.at(-1)!;
      polling.push(5);
      await places.remove(polling.placeOf(leader));
      const next = await polling.takenOver(leader.life, SOON_MS);
      expect(next.reports).toHaveLength(5);
      // A kill between a listener and the durable outcome would make its report come again: at least once.
      await polling.untilAllSettled();
    }
    expect(await polling.end()).toMatchObject({ faults: [], missing: 0, gaps: 0, duplicates: 0 });
    expect(new Set(watch.downloads.map(({ life }) => life)).size).toBe(3);
  });

  it('is replaced when suspended for longer than its lease, and does not download concurrently when it resumes', async () => {
    const polling = await start({ everyMs: 20 });
    const { watch, places, gateway } = polling;
    // Downloads fill most of the time, so a download without the lease overlaps with another one.
    gateway.faults.chance('latency', 1, { ms: 100, on: 'dlrs' });
    for (let times = 0; times < 3; times++) {
      polling.push(10);
      const patience = AbortSignal.timeout(30_000);
      // The leader has no download in flight, which would be excused.
      const leader = await watch.next('answered', patience);
      const frozen = places.freeze(polling.placeOf(leader), FROZEN_MS);
      await polling.takenOver(leader.life, FROZEN_MS);
      await frozen;
      for (let downloads = 0; downloads < 10; downloads++) await watch.next('answered', patience);
    }
    await polling.untilAllHandled();
    expect(await polling.end()).toMatchObject({ faults: [], missing: 0, gaps: 0 });
  });
});

afterAll(endWhatIsLeft);
