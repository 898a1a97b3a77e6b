import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { CampaignPaused } from 'nestjs-oursms';
import { DEMO, until } from '../support/application.js';
import { CampaignBench, mobiles } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };
const CONCURRENCY = 4;
/** Recipients of the requests in flight when the first one failed, and of the two single requests after it. */
const MOST_LOST = (CONCURRENCY + 2) * 500;

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

const start = (count: number, more = {}): ReturnType<CampaignBench['face']['start']> =>
  bench.face.start({ id: 'sale', message, recipients: mobiles(count), concurrency: CONCURRENCY, ...more });
const pauses = (): CampaignPaused[] =>
  bench.heard.filter(({ event }) => event === 'oursms.campaign.paused').map(({ payload }) => payload as CampaignPaused);

describe('a campaign whose gateway keeps failing', () => {
  it('is paused, so that few recipients are reported as unknown', async () => {
    await bench.start();
    bench.gateway.faults.chance('serverError', 1, { on: 'send' });
    const campaign = await start(20_000);
    await until('the campaign is paused', () => pauses().length > 0);
    expect(campaign.snapshot()).toMatchObject({ state: 'paused', reason: 'gateway' });
    expect(Date.parse(campaign.snapshot().resumesAt ?? '')).not.toBeNaN();
    expect(campaign.snapshot().unknown).toBeLessThanOrEqual(MOST_LOST);
    bench.gateway.faults.clear();
    const { sent, unknown } = await campaign.done;
    expect(sent + unknown).toBe(20_000);
    expect(unknown).toBeLessThanOrEqual(MOST_LOST);
  });

  it('reports its pause once, and retries with one request at a time', async () => {
    await bench.start();
    bench.gateway.faults.chance('serverError', 1, { on: 'send' });
    const campaign = await start(20_000);
    await until('the campaign is paused', () => pauses().length > 0);
    const before = bench.requests().length;
    await until('two more requests are sent', () => bench.requests().length === before + 2);
    expect(pauses()).toEqual([expect.objectContaining({ reason: 'gateway', resumesAt: expect.any(String) })]);
    await campaign.cancel();
  });

  it('is paused when the gateway refuses every request, and resumes when it accepts them again', async () => {
    await bench.start();
    bench.gateway.faults.chance('errorIn200', 1, { on: 'send' });
    const campaign = await start(20_000);
    await until('the campaign is paused', () => pauses().length > 0);
    expect(pauses()[0]).toMatchObject({ reason: 'gateway', why: expect.stringContaining('6208') });
    bench.gateway.faults.clear();
    const { sent, notSent } = await campaign.done;
    expect(sent + notSent).toBe(20_000);
    expect(notSent).toBeLessThanOrEqual(MOST_LOST);
  });

  it('checks the balance before it resumes when the gateway was unreachable: no recipient becomes unknown', async () => {
    await bench.start();
    await bench.gateway.refuseConnections();
    const campaign = await start(20_000);
    await until('the campaign is paused', () => pauses().length > 0);
    const { resumesAt } = campaign.snapshot();
    await until('the pause is extended', () => campaign.snapshot().resumesAt !== resumesAt);
    await bench.gateway.acceptConnections();
    expect(await campaign.done).toMatchObject({ sent: 20_000, unknown: 0, notSent: 0 });
    expect(bench.reached(20_000)).toEqual([1]);
  });

  it('is still paused after a restart, and completes when the gateway is reachable again', async () => {
    await bench.start();
    await bench.gateway.refuseConnections();
    await start(3_000);
    await until('the campaign is paused', () => pauses().length > 0);
    await bench.stop();
    await bench.start();
    const campaign = await bench.face.get('sale');
    expect(campaign?.snapshot()).toMatchObject({ state: 'paused', reason: 'gateway', resumesAt: expect.any(String) });
    await bench.gateway.acceptConnections();
    expect(await campaign?.done).toMatchObject({ sent: 3_000, unknown: 0 });
  });

  it('sends no further request before the Retry-After of a rate limit has passed', async () => {
    await bench.start({ retry: { attempts: 1 } });
    bench.gateway.faults.next('rateLimit', { retryAfter: 2, on: 'send' });
    const began = performance.now();
    const campaign = await start(20_000);
    await until('the campaign is paused', () => pauses().length > 0);
    await wait(200);
    const { length } = bench.requests();
    // Requests that were already in flight.
    expect(length).toBeLessThanOrEqual(CONCURRENCY);
    await wait(1_500 - (performance.now() - began));
    expect(bench.requests()).toHaveLength(length);
    expect(await campaign.done).toMatchObject({ sent: 20_000, notSent: 0, unknown: 0 });
    expect(performance.now() - began).toBeGreaterThan(1_900);
  });
});

it('a campaign is not paused by two refused requests in a row', async () => {
  await bench.start();
  bench.gateway.faults.next('errorIn200', { on: 'send', times: 2 });
  expect(await (await start(20_000)).done).toMatchObject({ sent: 19_000, notSent: 1_000 });
  expect(pauses()).toEqual([]);
});

describe('a long pause', () => {
  it('for lack of credits is reported once, and ends when the balance covers parts that cost three credits', async () => {
    const account = { ...DEMO, credits: 1_400 };
    await bench.start({ campaigns: { creditsEveryMs: 10 } }, { accounts: [account], price: 3 });
    const campaign = await start(1_000, { concurrency: 1 });
    await until('the campaign is paused', () => pauses().length > 0);
    await wait(100);
    const { length } = bench.requests();
    await wait(300);
    expect(bench.requests()).toHaveLength(length);
    expect(pauses()).toHaveLength(1);
    bench.gateway.setCredits('demo', 10_000);
    expect(await campaign.done).toMatchObject({ sent: 1_000 });
  });

  it('for quiet hours is reported once', async () => {
    const now = new Date(Date.now() + 3 * 3_600_000);
    const at = (hours: number): string => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:00`;
    const quietHours = { from: at(-1), to: at(2), action: 'refuse' } as const;
    await bench.start({ quietHours, campaigns: { creditsEveryMs: 10 } });
    const campaign = await start(10, { message: { ...message, msgClass: 'promotional' } });
    await until('the campaign is paused', () => pauses().length > 0);
    await wait(300);
    expect(pauses()).toEqual([expect.objectContaining({ reason: 'quietHours' })]);
    expect(campaign.snapshot().state).toBe('paused');
  });
});

it('a campaign logs one warning in quiet hours whose action is warn', async () => {
  const now = new Date(Date.now() + 3 * 3_600_000);
  const at = (hours: number): string => `${String((now.getUTCHours() + hours + 24) % 24).padStart(2, '0')}:00`;
  await bench.start({ quietHours: { from: at(-1), to: at(2), action: 'warn' } });
  const campaign = await start(3_000, { message: { ...message, msgClass: 'promotional' } });
  expect(await campaign.done).toMatchObject({ sent: 3_000 });
  expect(bench.application.logs.matching('is sent in quiet hours')).toHaveLength(1);
});
