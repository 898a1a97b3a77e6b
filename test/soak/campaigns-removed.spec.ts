import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import type { Campaign, CampaignPlan, CampaignReport } from 'nestjs-oursms';
import { until } from '../support/application.js';
import { destsOf, mobiles } from '../support/campaign-bench.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { SharedCampaigns, type CampaignInstance } from '../support/shared-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const message = { src: 'MyBrand', body: 'Half price today' };
const other = { ...message, body: 'Another' };
const PATIENCE_MS = 20_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeWithRedis('a campaign that one instance removes as soon as it has ended', () => {
  let redis: RedisAtHand;
  let bench: SharedCampaigns;
  let first: CampaignInstance;
  let others: CampaignInstance[];

  beforeAll(async () => void (redis = await reachRedis()));
  afterAll(() => redis.remove());
  beforeEach(async () => {
    bench = await SharedCampaigns.start(redis);
    [first, ...others] = (await bench.joinAll(3)) as [CampaignInstance, CampaignInstance, CampaignInstance];
    bench.gateway.faults.chance('latency', 1, { ms: 30, on: 'send' });
  });
  afterEach(() => bench.remove());

  const begin = async (count: number, more: Partial<CampaignPlan> = {}): Promise<[Campaign, ...Campaign[]]> => {
    const campaign = await first.face.start({ id: 'sale', message, recipients: mobiles(count), ...more });
    return [campaign, ...(await Promise.all(others.map((instance) => instance.found('sale'))))];
  };
  const removeAtOnce = async ({ done }: Campaign): Promise<CampaignReport> => {
    const report = await done;
    expect(await first.face.remove('sale')).toBe(true);
    return report;
  };
  /** No instance logged that its store lost the campaign. */
  const wasQuiet = (): void => {
    for (const { application } of bench.instances)
      expect(application.logs.matching('was lost by its store')).toEqual([]);
  };

  it('is done on the other instances, with the same report and without an error', async () => {
    const [campaign, ...theirs] = await begin(12_000);
    const told = theirs.map(({ progress }) => lastValueFrom(progress));
    const report = await removeAtOnce(campaign);
    expect(report).toMatchObject({ state: 'done', sent: 12_000, pending: 0 });
    expect(await Promise.all(theirs.map(({ done }) => done))).toEqual([report, report]);
    for (const progress of await Promise.all(told))
      expect(progress).toMatchObject({ state: 'done', sent: 12_000, pending: 0 });
    for (const one of theirs) expect(one.snapshot()).toMatchObject({ state: 'done', finishedAt: report.finishedAt });
    wasQuiet();
  });

  it('is cancelled on the other instances when it was cancelled', async () => {
    const [campaign, ...theirs] = await begin(12_000);
    await bench.untilUnderWay(3);
    await campaign.cancel();
    const report = await removeAtOnce(campaign);
    expect(report.notSent).toBeGreaterThan(0);
    expect(await Promise.all(theirs.map(({ done }) => done))).toEqual([report, report]);
    wasQuiet();
  });

  it('is no longer found by get, list, remove and resolveUnknown of the other instances', async () => {
    const [campaign] = await begin(12_000);
    await removeAtOnce(campaign);
    for (const { face } of others) {
      expect(await face.get('sale')).toBeUndefined();
      expect(await face.list()).toEqual([]);
      expect(await face.remove('sale')).toBe(false);
      expect(await face.resolveUnknown('sale', 'sendAgain')).toBe(0);
    }
  });

  it('stays done when other instances pause, resume or cancel it, and leaves no keys in Redis', async () => {
    const [campaign, second, third] = (await begin(12_000)) as [Campaign, Campaign, Campaign];
    const report = await removeAtOnce(campaign);
    await second.pause();
    await second.resume();
    expect(await third.cancel()).toEqual(report);
    expect(await second.done).toEqual(report);
    wasQuiet();
    await until('no keys are left in Redis', async () => (await bench.keys()).length === 0, PATIENCE_MS);
  });

  it('is done although another instance pauses it during its last requests', async () => {
    const [campaign, second, third] = (await begin(2_000)) as [Campaign, Campaign, Campaign];
    await bench.untilUnderWay(4);
    await second.pause();
    // Unless the pause came first.
    if (campaign.snapshot().pending > 0) await campaign.resume();
    const report = await removeAtOnce(campaign);
    expect(report).toMatchObject({ state: 'done', sent: 2_000 });
    expect(await Promise.all([second.done, third.done])).toEqual([report, report]);
    wasQuiet();
    await until('no keys are left in Redis', async () => (await bench.keys()).length === 0, PATIENCE_MS);
  });

  it('can be restarted at once on another instance with new recipients', async () => {
    const [campaign, ...theirs] = await begin(12_000);
    const report = await removeAtOnce(campaign);
    const next = await others[0]!.face.start({ id: 'sale', message, recipients: mobiles(700, 20_000) });
    expect(await next.done).toMatchObject({ state: 'done', total: 700, sent: 700 });
    expect(await destsOf(next, 'sent')).toHaveLength(700);
    expect(bench.reached(700, 20_000)).toEqual([1]);
    expect(await Promise.all(theirs.map(({ done }) => done))).toEqual([report, report]);
    wasQuiet();
  });

  it('does not block a new campaign with the same id and another message, and is not mixed up with it', async () => {
    const [campaign, ...theirs] = await begin(12_000);
    const report = await removeAtOnce(campaign);
    const next = await others[1]!.face.start({ id: 'sale', message: other, recipients: mobiles(5_000, 20_000) });
    const seen = await others[0]!.found('sale');
    expect(seen.snapshot()).toMatchObject({ total: 5_000 });
    const reports = await Promise.all([next, seen, await first.found('sale')].map(({ done }) => done));
    for (const one of reports) expect(one).toEqual({ ...reports[0], total: 5_000, sent: 5_000 });
    expect(await Promise.all(theirs.map(({ done }) => done))).toEqual([report, report]);
    wasQuiet();
  });

  it('is done on an instance that was disconnected from Redis meanwhile', async () => {
    const [campaign, second, third] = (await begin(12_000)) as [Campaign, Campaign, Campaign];
    await bench.untilUnderWay(3);
    others[0]!.vanish();
    const report = await removeAtOnce(campaign);
    expect(report.unknown + report.sent).toBe(12_000);
    expect(await third.done).toEqual(report);
    await pause(300);
    others[0]!.comeBack();
    expect(await second.done).toEqual(report);
    wasQuiet();
  });

  it('is either removed or resent when two instances call remove and resolveUnknown at the same moment', async () => {
    bench.gateway.faults.next('resetBefore', { on: 'send' });
    const [campaign, ...theirs] = await begin(5_000);
    const { unknown } = await campaign.done;
    expect(unknown).toBe(500);
    const [removed, again] = await Promise.all([
      first.face.remove('sale'),
      others[0]!.face.resolveUnknown('sale', 'sendAgain'),
    ]);
    expect([removed, again]).toEqual(removed ? [true, 0] : [false, 500]);
    const reports = await Promise.all(theirs.map(({ done }) => done));
    for (const report of reports) expect(report).toMatchObject({ state: 'done', pending: 0 });
    if (removed) expect(reports).toEqual([await campaign.done, await campaign.done]);
    await until('every campaign is done', async () => (await first.face.list()).every(({ state }) => state === 'done'));
    wasQuiet();
  });
});

afterAll(endWhatIsLeft);
