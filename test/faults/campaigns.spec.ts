import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEMO, until } from '../support/application.js';
import { CampaignBench, destsOf, mobiles, normalized } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };
const GUARDED = { retry: { delayMs: 5, unknownOutcome: 'guarded' }, http: { timeoutMs: 200 } } as const;
const UNGUARDED = { retry: { delayMs: 5 }, http: { timeoutMs: 200 } } as const;

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

const start = (count: number, more = {}): ReturnType<CampaignBench['face']['start']> =>
  bench.face.start({ id: 'sale', message, recipients: mobiles(count), concurrency: 2, ...more });
const events = (): string[] => bench.heard.map(({ event }) => event);

describe('credits', () => {
  it('are checked first, and an event is emitted when they do not cover the campaign', async () => {
    await bench.start({}, { accounts: [{ ...DEMO, credits: 600 }] });
    const campaign = await start(1_000);
    await until('the event is emitted', () => bench.heard.length > 0);
    expect(bench.heard[0]).toEqual({
      event: 'oursms.credits.low',
      payload: { account: 'default', id: 'sale', credits: 600, needed: 1_000 },
    });
    await campaign.cancel();
  });

  it('that run out midway pause the campaign, which resumes automatically when there are credits again', async () => {
    await bench.start({ campaigns: { creditsEveryMs: 30 } }, { accounts: [{ ...DEMO, credits: 1_200 }] });
    const campaign = await start(3_000);
    await until('the campaign is paused', () => events().includes('oursms.campaign.paused'));
    expect(campaign.snapshot()).toMatchObject({ state: 'paused', reason: 'credits', sent: 1_000 });
    expect(bench.heard.find(({ event }) => event === 'oursms.campaign.paused')?.payload).toMatchObject({
      ...{ id: 'sale', account: 'default', reason: 'credits' },
      why: expect.stringContaining('balance'),
    });
    const requests = bench.requests().length;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(bench.requests()).toHaveLength(requests);
    bench.gateway.setCredits('demo', 10_000);
    expect(await campaign.done).toMatchObject({ sent: 3_000 });
    expect(bench.reached(3_000)).toEqual([1]);
  });

  it('that run out keep the campaign paused across a restart, until there are credits again', async () => {
    const options = { campaigns: { creditsEveryMs: 30 } };
    await bench.start(options, { accounts: [{ ...DEMO, credits: 500 }] });
    await start(1_500);
    await until('the campaign is paused', () => events().includes('oursms.campaign.paused'));
    await bench.stop();
    await bench.start(options);
    bench.gateway.setCredits('demo', 10_000);
    const campaign = await bench.face.get('sale');
    expect(await campaign?.done).toMatchObject({ sent: 1_500 });
    expect(bench.reached(1_500)).toEqual([1]);
  });

  it('that cannot be read do not prevent the campaign from starting', async () => {
    await bench.start();
    bench.gateway.faults.next('serverError', { on: 'credits' });
    expect(await (await start(10)).done).toMatchObject({ sent: 10 });
  });
});

describe('a fault of the account pauses the campaign at once instead of failing every request:', () => {
  it('wrong credentials; a restart with the right ones resumes it', async () => {
    await bench.start({ auth: { username: 'demo', password: 'wrong' } });
    const campaign = await start(20_000);
    await until('the campaign is paused', () => campaign.snapshot().state === 'paused');
    expect(campaign.snapshot()).toMatchObject({ reason: 'auth', notSent: 0, pending: 20_000 });
    expect(bench.requests().length).toBeLessThanOrEqual(2);
    await bench.stop();
    await bench.start();
    expect(await (await bench.face.get('sale'))?.done).toMatchObject({ sent: 20_000 });
  });

  it('a sender that is not allowed (6307); resume() continues once it is allowed', async () => {
    await bench.start();
    bench.gateway.faults.next('errorIn200', { errorCode: 6307, message: 'source not allowed', on: 'send', times: 2 });
    const campaign = await start(5_000);
    await until('the campaign is paused', () => campaign.snapshot().state === 'paused');
    expect(campaign.snapshot()).toMatchObject({ reason: 'sender', notSent: 0 });
    await campaign.pause();
    bench.gateway.faults.clear();
    await campaign.resume();
    expect(await campaign.done).toMatchObject({ sent: 5_000, unknown: 0 });
    expect(bench.reached(5_000)).toEqual([1]);
  });
});

describe('a request that the gateway refuses', () => {
  it('counts as notSent with the reason of the gateway, and the other requests are sent', async () => {
    await bench.start();
    bench.gateway.faults.next('errorIn200', { on: 'send' });
    const campaign = await start(1_500, { concurrency: 1 });
    expect(await campaign.done).toMatchObject({ sent: 1_000, notSent: 500 });
    for await (const { reason } of campaign.inputs('notSent')) expect(reason).toContain('6208');
    expect(bench.reached(1_500)).toEqual([0, 1]);
  });

  it('is retried for as long as the gateway asks for a retry', async () => {
    await bench.start({ retry: { delayMs: 1, attempts: 2 } });
    bench.gateway.faults.next('rateLimit', { retryAfter: 0, on: 'send', times: 5 });
    const { done } = await start(1_000);
    expect(await done).toMatchObject({ sent: 1_000, notSent: 0, unknown: 0 });
    expect(bench.reached(1_000)).toEqual([1]);
  });
});

describe('a gateway that is unavailable', () => {
  it('is retried until it accepts requests', async () => {
    await bench.start();
    await bench.gateway.refuseConnections();
    const campaign = await start(1_000);
    await until('the request is retried', () => bench.application.logs.matching('is retried in').length > 0);
    await bench.gateway.acceptConnections();
    expect(await campaign.done).toMatchObject({ sent: 1_000, notSent: 0, unknown: 0 });
    expect(bench.reached(1_000)).toEqual([1]);
  });
});

describe.each(['resetAfter', 'resetBefore', 'hang', 'garbage', 'serverError'] as const)(
  'a request that gets no usable answer (%s)',
  (kind) => {
    it('is unknown, and not resent automatically', async () => {
      await bench.start(UNGUARDED);
      bench.gateway.faults.next(kind, { on: 'send' });
      const campaign = await start(1_500, { concurrency: 1 });
      expect(await campaign.done).toMatchObject({ sent: 1_000, unknown: 500, notSent: 0 });
      expect(bench.requests()).toHaveLength(3);
      const unknown = await destsOf(campaign, 'unknown');
      expect(unknown).toEqual(bench.requests()[0]?.dests);
      expect(Math.max(...bench.reached(1_500))).toBe(1);
    });

    it('is resolved by the gateway when guarded', async () => {
      await bench.start(GUARDED);
      bench.gateway.faults.next(kind, { on: 'send' });
      expect(await (await start(1_500)).done).toMatchObject({ sent: 1_500, unknown: 0 });
      expect(bench.reached(1_500)).toEqual([1]);
    });
  },
);

it('a guarded request whose repeat is queued when the application ends is still guarded after the restart', async () => {
  const options = { ...GUARDED, http: { timeoutMs: 50 } };
  await bench.start(options);
  bench.gateway.faults.next('resetAfter', { on: 'send' });
  // The second request of this second must wait for the next one.
  await start(500, { rate: 1 });
  await until('the first attempt has failed', () => bench.application.logs.matching('Try 1 of').length > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await bench.stop();
  await bench.start(options);
  expect(await (await bench.face.get('sale'))?.done).toMatchObject({ sent: 500, unknown: 0 });
  expect(bench.requests()[1]?.prevDups).toBeDefined();
  expect(bench.reached(500)).toEqual([1]);
});

describe('the unknown messages of a campaign', () => {
  const inDoubt = async (kind: 'resetAfter' | 'resetBefore'): Promise<void> => {
    await bench.start(UNGUARDED);
    bench.gateway.faults.next(kind, { on: 'send' });
    const campaign = await start(700, { concurrency: 1 });
    expect((await campaign.done).unknown).toBeGreaterThan(0);
  };

  it('can be resolved as sent', async () => {
    await inDoubt('resetAfter');
    expect(await bench.face.resolveUnknown('sale', 'sent')).toBe(500);
    const campaign = await bench.face.get('sale');
    expect(campaign?.snapshot()).toMatchObject({ state: 'done', sent: 700, unknown: 0 });
    expect((await bench.face.list())[0]).toMatchObject({ sent: 700 });
    expect(await bench.face.resolveUnknown('sale', 'sent')).toBe(0);
    expect(bench.reached(700)).toEqual([1]);
  });

  it('can be sent again on request', async () => {
    await inDoubt('resetBefore');
    expect(await bench.face.resolveUnknown('sale', 'sendAgain')).toBe(500);
    const campaign = await bench.face.get('sale');
    expect(await campaign?.done).toMatchObject({ state: 'done', sent: 700, unknown: 0 });
    expect(bench.reached(700)).toEqual([1]);
  });

  it('cannot be resolved when the campaign does not exist', async () => {
    await bench.start();
    expect(await bench.face.resolveUnknown('none', 'sent')).toBe(0);
  });
});

it('a guarded campaign reaches every recipient once through all faults at once', async () => {
  await bench.start({ ...GUARDED, retry: { ...GUARDED.retry, attempts: 10 } });
  for (const kind of ['resetBefore', 'resetAfter', 'garbage', 'halfClosed', 'serverError', 'html'] as const) {
    bench.gateway.faults.chance(kind, 0.05, { on: 'send' });
  }
  bench.gateway.faults.chance('rateLimit', 0.05, { retryAfter: 0, on: 'send' });
  const everyone = Array.from({ length: 3_000 }, (_, i) => ({ dest: mobiles(1, i)[0] ?? '', group: i % 60 }));
  const campaign = await bench.face.start({
    ...{ id: 'faults', recipients: everyone, concurrency: 8 },
    message: { ...message, body: 'Group {group}' },
  });
  expect(await campaign.done).toMatchObject({ total: 3_000, sent: 3_000, unknown: 0, notSent: 0 });
  expect(bench.reached(3_000)).toEqual([1]);
  expect(bench.requests().length).toBeGreaterThan(65);
});

it('quiet hours with the action refuse pause a promotional campaign', async () => {
  const now = new Date(Date.now() + 3 * 3_600_000);
  const at = (hours: number): string => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:00`;
  await bench.start({ quietHours: { from: at(-1), to: at(2), action: 'refuse' } });
  const campaign = await start(10, { message: { ...message, msgClass: 'promotional' } });
  await until('the campaign is paused', () => campaign.snapshot().state === 'paused');
  expect(campaign.snapshot()).toMatchObject({ reason: 'quietHours', pending: 10 });
  expect(bench.requests()).toEqual([]);
});

it('divertTo keeps a campaign away from its recipients', async () => {
  await bench.start({ divertTo: '0599999999' });
  expect(await (await start(700)).done).toMatchObject({ sent: 700 });
  expect(bench.reached(700)).toEqual([0]);
  expect(bench.gateway.phone(normalized(99_999_999))).toHaveLength(2);
});
