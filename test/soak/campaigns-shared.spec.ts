import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom, toArray } from 'rxjs';
import { OurSmsStorageError, OurSmsValidationError, type CampaignPlan } from 'nestjs-oursms';
import { rejection, until } from '../support/application.js';
import { destsOf, mobiles } from '../support/campaign-bench.js';
import { describeWithRedis, reachRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { SharedCampaigns } from '../support/shared-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const message = { src: 'MyBrand', body: 'Half price today' };
const plan = (recipients: CampaignPlan['recipients'], more: Partial<CampaignPlan> = {}): CampaignPlan => ({
  ...{ id: 'sale', message, recipients },
  ...more,
});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const PATIENCE_MS = 20_000;

describeWithRedis('campaigns of applications that share a Redis', () => {
  let redis: RedisAtHand;
  let bench: SharedCampaigns;

  beforeAll(async () => void (redis = await reachRedis()));
  afterAll(() => redis.remove());
  beforeEach(async () => void (bench = await SharedCampaigns.start(redis)));
  afterEach(() => bench.remove());

  /** Delays the response to each send. */
  const slowly = (ms: number): unknown => bench.gateway.faults.chance('latency', 1, { ms, on: 'send' });

  describe('a campaign', () => {
    it('started by one application shows its progress on the others, and ends with the same report on all', async () => {
      const [first, ...others] = await bench.joinAll(3);
      slowly(100);
      const campaign = await first!.face.start(plan([...mobiles(10_000), 'x'], { concurrency: 2 }));
      const theirs = await Promise.all(others.map((other) => other.found('sale')));
      const told = await Promise.all(theirs.map(({ progress }) => lastValueFrom(progress.pipe(toArray()))));
      const report = await campaign.done;
      expect(report).toMatchObject({ state: 'done', total: 10_001, sent: 10_000, invalid: 1, unknown: 0 });
      expect(await Promise.all(theirs.map(({ done }) => done))).toEqual([report, report]);
      for (const progress of told) {
        expect(progress.some(({ state, sent }) => state === 'running' && sent > 0 && sent < 10_000)).toBe(true);
        expect(progress.map(({ sent }) => sent)).toEqual(progress.map(({ sent }) => sent).sort((a, b) => a - b));
        expect(progress.at(-1)).toMatchObject({ state: 'done', sent: 10_000, finishedAt: report.finishedAt });
      }
      expect(bench.reached(10_000)).toEqual([1]);
    });

    it('leaves no keys in Redis once it is removed', async () => {
      const [first, second] = await bench.joinAll(2);
      const { done } = await first!.face.start(plan([...mobiles(2_000), 'x']));
      await (
        await second!.found('sale')
      ).done;
      await done;
      await until('the campaign is removed', () => second!.face.remove('sale'), PATIENCE_MS);
      await until('no keys are left in Redis', async () => (await bench.keys()).length === 0, PATIENCE_MS);
    });

    it('can be cancelled by an application that did not start it', async () => {
      const [first, second] = await bench.joinAll(2);
      slowly(100);
      const campaign = await first!.face.start(plan(mobiles(20_000), { concurrency: 2 }));
      await bench.untilUnderWay(3);
      const report = await (await second!.found('sale')).cancel();
      expect(report.state).toBe('cancelled');
      expect(report.notSent).toBeGreaterThan(0);
      expect(report.sent + report.notSent).toBe(20_000);
      expect(bench.gateway.totals.sent).toBe(report.sent);
      expect(await campaign.done).toEqual(report);
      expect(campaign.snapshot()).toMatchObject({ state: 'cancelled', notSent: report.notSent });
    });

    it('can be paused by one application and resumed by another', async () => {
      const [first, second, third] = await bench.joinAll(3);
      slowly(50);
      const campaign = await first!.face.start(plan(mobiles(10_000), { concurrency: 2 }));
      await bench.untilUnderWay(3);
      await (await second!.found('sale')).pause();
      const seen = await third!.found('sale');
      const arePaused = (): boolean => [campaign, seen].every((one) => one.snapshot().state === 'paused');
      await until('the other applications are paused', arePaused, PATIENCE_MS);
      await pause(200);
      const before = bench.times.length;
      await pause(700);
      expect(bench.times).toHaveLength(before);
      expect(campaign.snapshot()).toMatchObject({ reason: 'user' });
      await seen.resume();
      expect(await campaign.done).toMatchObject({ sent: 10_000, unknown: 0 });
      expect(bench.reached(10_000)).toEqual([1]);
    });

    it('can be resumed at once by an application that has not seen the pause yet', async () => {
      const [first, second] = await bench.joinAll(2);
      slowly(50);
      const campaign = await first!.face.start(plan(mobiles(5_000)));
      const theirs = await second!.found('sale');
      await campaign.pause();
      await theirs.resume();
      expect(await campaign.done).toMatchObject({ sent: 5_000 });
    });

    it('continues when one of the applications shuts down', async () => {
      const [first, second] = await bench.joinAll(2);
      slowly(50);
      await first!.face.start(plan(mobiles(10_000)));
      await bench.untilUnderWay(3);
      await first!.close();
      expect(await (await second!.found('sale')).done).toMatchObject({ sent: 10_000, unknown: 0 });
      expect(bench.reached(10_000)).toEqual([1]);
    });

    it('continues when Redis becomes available after the application has started', async () => {
      const first = await bench.join();
      slowly(50);
      await first.face.start(plan(mobiles(5_000)));
      await first.close();
      const second = await bench.join({}, { isAway: true });
      const before = bench.times.length;
      await until(
        'the suspension is logged',
        () => second.application.logs.matching('are suspended until').length > 0,
        PATIENCE_MS,
      );
      expect(bench.times).toHaveLength(before);
      second.comeBack();
      await until('all messages are sent', () => bench.gateway.totals.sent === 5_000, PATIENCE_MS);
      expect(await (await second.found('sale')).done).toMatchObject({ sent: 5_000, unknown: 0 });
      expect(bench.reached(5_000)).toEqual([1]);
    });

    it('whose credits run out is paused on every application, and resumes when credits are added', async () => {
      const both = await bench.joinAll(2, { campaigns: { creditsEveryMs: 50 } });
      bench.gateway.setCredits('demo', 1_500);
      await both[0]!.face.start(plan(mobiles(5_000), { concurrency: 2 }));
      const seen = await Promise.all(both.map((one) => one.found('sale')));
      const arePaused = (): boolean =>
        seen.every((one) => ['paused', 'credits'].every((word) => Object.values(one.snapshot()).includes(word)));
      await until('the campaign is paused on both applications', arePaused, PATIENCE_MS);
      bench.gateway.setCredits('demo', 10_000);
      for (const { done } of seen) expect(await done).toMatchObject({ sent: 5_000, unknown: 0 });
      expect(bench.reached(5_000)).toEqual([1]);
    });

    it('removed by one application is no longer found by the others, and its id can be used again', async () => {
      const [first, second] = await bench.joinAll(2);
      const campaign = await first!.face.start(plan(mobiles(600)));
      const theirs = await second!.found('sale');
      const report = await campaign.done;
      expect(await second!.face.remove('sale')).toBe(true);
      expect(await first!.face.get('sale')).toBeUndefined();
      expect(await theirs.done).toEqual(report);
      const anew = await first!.face.start(plan(mobiles(5), { message: { ...message, body: 'Another' } }));
      expect(await anew.done).toMatchObject({ sent: 5 });
      expect(await second!.face.list()).toMatchObject([{ id: 'sale', sent: 5 }]);
    });

    it('with unknown recipients can be resolved by an application that did not start it', async () => {
      const [first, second] = await bench.joinAll(2);
      bench.gateway.faults.next('resetBefore', { on: 'send' });
      expect(await (await first!.face.start(plan(mobiles(700)))).done).toMatchObject({ unknown: expect.any(Number) });
      const unknown = await second!.face.resolveUnknown('sale', 'sendAgain');
      expect([200, 500]).toContain(unknown);
      expect(await (await second!.found('sale')).done).toMatchObject({ sent: 700, unknown: 0 });
      expect(await (await first!.found('sale')).done).toMatchObject({ sent: 700, unknown: 0 });
      expect(bench.reached(700)).toEqual([1]);
    });
  });

  describe('all applications together', () => {
    it('keep to the rate of a campaign', async () => {
      const [first] = await bench.joinAll(3);
      const rate = 6;
      await (
        await first!.face.start(plan(mobiles(9_000), { rate, concurrency: 12 }))
      ).done;
      const { times } = bench;
      expect(times).toHaveLength(18);
      // One second, with a margin for a busy machine. Without a shared limit it would be a third of that.
      for (const [i, at] of times.slice(rate).entries()) expect(at - (times[i] ?? 0)).toBeGreaterThan(800);
    });

    it('keep to the concurrency of a campaign', async () => {
      const [first] = await bench.joinAll(3);
      slowly(400);
      await (
        await first!.face.start(plan(mobiles(5_000), { concurrency: 2 }))
      ).done;
      const { times } = bench;
      expect(times).toHaveLength(10);
      for (const [i, at] of times.slice(2).entries()) expect(at - (times[i] ?? 0)).toBeGreaterThan(300);
    });
  });

  describe('a campaign id that two applications start at the same time', () => {
    it('becomes one campaign, with the recipients of one application', async () => {
      const both = await bench.joinAll(2);
      const lists = [mobiles(700), mobiles(800, 10_000)];
      const campaigns = await Promise.all(both.map(({ face }, i) => face.start(plan(lists[i]!))));
      const reports = await Promise.all(campaigns.map(({ done }) => done));
      expect(reports[0]).toEqual(reports[1]);
      const reached = [bench.reached(700), bench.reached(800, 10_000)];
      expect(reached).toContainEqual([0]);
      expect(reached).toContainEqual([1]);
      expect(bench.gateway.totals.sent).toBe(reports[0]!.sent);
    });

    it('is rejected where the message differs, once the other application has read its recipients', async () => {
      const [first, second] = await bench.joinAll(2);
      let goOn = (): void => undefined;
      const stopped = new Promise<void>((resolve) => (goOn = resolve));
      let isReading = false;
      const slow = (async function* (): AsyncIterable<string> {
        yield* mobiles(10);
        isReading = true;
        await stopped;
      })();
      const starting = first!.face.start(plan(slow));
      await until('the recipients are being read', () => isReading);
      const other = plan(mobiles(10), { message: { ...message, body: 'Another' } });
      const refused = rejection(second!.face.start(other), OurSmsValidationError);
      goOn();
      expect((await refused).faults[0]).toEqual({ field: 'id', reason: 'belongs to a campaign with another message' });
      expect(await (await starting).done).toMatchObject({ sent: 10 });
    });
  });

  describe('an application that loses its connection to Redis', () => {
    it('while it reads recipients sends to none of them, which another application logs', async () => {
      const [first, second] = await bench.joinAll(2);
      let [sayRead, goOn] = [(): void => undefined, (): void => undefined];
      const read = new Promise<void>((resolve) => (sayRead = resolve));
      const stopped = new Promise<void>((resolve) => (goOn = resolve));
      const cutOff = (async function* (): AsyncIterable<string> {
        // Enough that the first recipients are already stored.
        yield* mobiles(33_000);
        sayRead();
        await stopped;
      })();
      const starting = rejection(first!.face.start(plan(cutOff)), OurSmsStorageError);
      await read;
      first!.vanish();
      const said = (): boolean => second!.application.logs.matching('while reading the recipients').length > 0;
      await until('the interruption is logged', said, PATIENCE_MS);
      goOn();
      await starting;
      first!.comeBack();
      const { done } = await second!.face.start(plan(mobiles(1_000)));
      expect(await done).toMatchObject({ total: 1_000, sent: 1_000 });
      expect(bench.reached(1_000)).toEqual([1]);
      expect(bench.gateway.totals.sent).toBe(1_000);
    });

    const inTheMiddle = async (unknownOutcome: 'never' | 'guarded'): ReturnType<typeof bench.join> => {
      const options = { retry: { delayMs: 5, unknownOutcome }, http: { timeoutMs: 2_000 } };
      const first = await bench.join(options);
      slowly(300);
      await first.face.start(plan(mobiles(4_000), { concurrency: 2 }));
      await bench.untilUnderWay(2);
      first.vanish();
      return bench.join(options);
    };

    it('in the middle of a campaign: with guarded retries, every recipient gets the message once', async () => {
      const second = await inTheMiddle('guarded');
      const report = await (await second.found('sale')).done;
      expect(report).toMatchObject({ sent: 4_000, unknown: 0, notSent: 0 });
      expect(bench.reached(4_000)).toEqual([1]);
      bench.instances[0]!.comeBack();
      expect(await (await bench.instances[0]!.found('sale')).done).toEqual(report);
    });

    it('in the middle of a campaign: without guarded retries, recipients in doubt are listed and not resent', async () => {
      const second = await inTheMiddle('never');
      const before = bench.sent.flat();
      const campaign = await second.found('sale');
      const report = await campaign.done;
      expect(report).toMatchObject({ sent: 4_000 - before.length, unknown: before.length, notSent: 0 });
      expect((await destsOf(campaign, 'unknown')).sort()).toEqual(before.sort());
      expect(bench.reached(4_000)).toEqual([1]);
    });
  });
});

afterAll(endWhatIsLeft);
