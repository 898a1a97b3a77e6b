import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Campaign, CampaignPlan } from 'nestjs-oursms';
import { until } from '../support/application.js';
import { CampaignBench, destsOf, mobiles } from '../support/campaign-bench.js';
import { passTime } from '../support/set-clock.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const message = { src: 'MyBrand', body: 'Half price today' };

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(async () => {
  await bench.remove();
  jest.restoreAllMocks();
});

const open = (timeoutMs = 300): Promise<CampaignBench> =>
  bench.start({ retry: { delayMs: 5, unknownOutcome: 'guarded' }, http: { timeoutMs } });

/** A guarded campaign whose first request went out, and whose answer did not come. */
async function begin(count: number, more: Partial<CampaignPlan> = {}): Promise<Campaign> {
  bench.gateway.faults.next('resetAfter', { on: 'send' });
  return bench.face.start({ id: 'sale', message, recipients: mobiles(count), concurrency: 1, ...more });
}
const itIsInDoubt = (): Promise<void> =>
  until('the request is in doubt', () => bench.application.logs.matching('Try 1 of').length === 1);

/** The application ends before the request is repeated, and is started again so much later, by a clock that was set meanwhile. */
async function restartAfter(passedMs: number, setByMs = 0): Promise<Campaign> {
  await bench.stop();
  passTime(() => passedMs, setByMs);
  bench.gateway.clock.advance(passedMs);
  await open();
  const campaign = await bench.face.get('sale');
  if (!campaign) throw new Error('it is gone');
  return campaign;
}

describe('a request in doubt, after a restart', () => {
  beforeEach(async () => {
    await open();
    await begin(500);
    await itIsInDoubt();
  });

  it('is repeated with a guard that reaches back to when it was sent', async () => {
    const campaign = await restartAfter(10 * MINUTE);
    expect(await campaign.done).toMatchObject({ sent: 500, unknown: 0 });
    const [first, repeat, ...more] = bench.requests();
    expect(first?.prevDups).toBeUndefined();
    expect(Number(repeat?.prevDups)).toBeGreaterThanOrEqual(11);
    expect(more).toEqual([]);
    expect(bench.reached(500)).toEqual([1]);
  });

  it.each([
    ['the clock was set back meanwhile, so the time since the send is not known', 0, -10 * MINUTE],
    ['the clock was set back by nearly the time that passed', 10.5 * MINUTE, -10 * MINUTE],
    ['the clock was set back by hours', 2 * MINUTE, -5 * HOUR],
    ['the clock was set forward', 2 * MINUTE, 10 * MINUTE],
    ['it was sent more than a day ago, longer than any gateway is asked to look back', 25 * HOUR, 0],
  ])('is unknown, and not repeated, when %s', async (_why, passedMs, setByMs) => {
    const campaign = await restartAfter(passedMs, setByMs);
    expect(await campaign.done).toMatchObject({ sent: 0, unknown: 500 });
    expect(bench.requests()).toHaveLength(1);
    expect(bench.reached(500)).toEqual([1]);
  });
});

describe('a request in doubt', () => {
  it('is not repeated when the gateway delays the message: it is not sent yet, so the guard would not find it', async () => {
    await open();
    const campaign = await begin(500, { message: { ...message, delay: 5 } });
    expect(await campaign.done).toMatchObject({ sent: 0, notSent: 0, unknown: 500 });
    expect(bench.requests()).toHaveLength(1);
  });

  it('is unknown when the campaign is cancelled, and untried requests are not sent', async () => {
    await open(5_000);
    const campaign = await begin(1_200);
    await itIsInDoubt();
    expect(await campaign.cancel()).toMatchObject({ state: 'cancelled', sent: 0, unknown: 500, notSent: 700 });
    expect(await destsOf(campaign, 'unknown')).toEqual(bench.requests()[0]?.dests);
    expect(bench.requests()).toHaveLength(1);
  });
});
