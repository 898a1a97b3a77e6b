import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Campaigns,
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  type Campaign,
  type CampaignFate,
  type CampaignInput,
  type MessagesConfirmed,
  type MessagesMissing,
  type OurSmsModuleOptions,
} from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO, until } from '../support/application.js';
import { mobile, mobiles, normalized } from '../support/campaign-bench.js';
import { InboxBench } from '../support/inbox-bench.js';
import { ScriptedGateway } from '../support/scripted-gateway.js';

const CREDITS = 1_000_000;
const POLL = { poll: { everyMs: 20 } };
const MESSAGE = { src: 'MyBrand', body: 'News', dlr: true };

let bench: InboxBench;
let confirmed: MessagesConfirmed[];
let missing: MessagesMissing[];

beforeEach(() => {
  bench = new InboxBench();
  [confirmed, missing] = [[], []];
});
afterEach(() => bench.remove());

async function start(
  options: Partial<OurSmsModuleOptions> = {},
  simulator: Parameters<typeof GatewaySimulator.start>[0] = { reports: false },
): Promise<void> {
  bench.gateway ??= await GatewaySimulator.start({ accounts: [{ ...DEMO, credits: CREDITS }], ...simulator });
  await bench.start({ dlr: POLL, tracking: {}, ...options }, undefined, {
    [OURSMS_MESSAGE_CONFIRMED]: confirmed,
    [OURSMS_MESSAGE_MISSING]: missing,
  });
}

const campaigns = (): Campaigns => bench.application.app.get(Campaigns);
const startCampaign = (id: string, count: number, message: Partial<typeof MESSAGE> = {}): Promise<Campaign> =>
  campaigns().start({ id, message: { ...MESSAGE, ...message }, recipients: mobiles(count) });
async function again(id: string): Promise<Campaign> {
  const campaign = await campaigns().get(id);
  if (campaign === undefined) throw new Error(`no campaign ${id}`);
  return campaign;
}
const report = (row: Record<string, unknown>): unknown =>
  bench.gateway.pushReport('demo', { status: 'delivered', ...row });
const handled = (count: number): Promise<void> =>
  until(`${count} reports are handled`, () => bench.handled.length >= count);
async function inputs(id: string, fate: CampaignFate): Promise<CampaignInput[]> {
  const found: CampaignInput[] = [];
  for await (const input of (await again(id)).inputs(fate)) found.push(input);
  return found;
}

describe('a campaign that asks for reports', () => {
  it('counts delivered and undelivered recipients, and lists them with the reason', async () => {
    const statusOf = (dest: string): 'delivered' | 'undelivered' | 'sent' =>
      dest.endsWith('3') ? 'undelivered' : dest.endsWith('5') ? 'sent' : 'delivered';
    await start({}, { statusOf });
    const campaign = await startCampaign('spring', 1_200);
    await campaign.done;
    await handled(1_200);
    const first = bench.handled.find(({ dest }) => dest === normalized(3));
    expect(first).toMatchObject({ campaign: 'spring', matched: 'job', status: 'undelivered' });
    await until('all reports are counted', async () => (await again('spring')).snapshot().delivered === 960);
    expect((await again('spring')).snapshot()).toMatchObject({
      ...{ total: 1_200, sent: 1_200, delivered: 960, undelivered: 120, noReportYet: 120, missing: 0 },
    });
    const undelivered = await inputs('spring', 'undelivered');
    expect(undelivered).toHaveLength(120);
    expect(undelivered[0]).toEqual({ dest: normalized(3), reason: 'undelivered' });
    expect((await inputs('spring', 'noReportYet'))[0]).toEqual({ dest: normalized(5), reason: 'sent' });
    expect(await inputs('spring', 'delivered')).toHaveLength(960);
    expect(await inputs('spring', 'missing')).toEqual([]);
    expect((await campaigns().list())[0]).toMatchObject({ delivered: 960, undelivered: 120 });
    await bench.stop();
    await start();
    expect((await again('spring')).snapshot()).toMatchObject({ delivered: 960, undelivered: 120, noReportYet: 120 });
    expect(await campaigns().remove('spring')).toBe(true);
    report({ dest: normalized(1) });
    await handled(1_201);
    expect(bench.handled.at(-1)?.matched).toBeUndefined();
  });

  it('counts delivered recipients while it runs', async () => {
    await start({ rate: { requestsPerSecond: 4, burst: 1 } }, {});
    const campaign = await startCampaign('slow', 1_500);
    const seen: number[] = [];
    const watch = campaign.progress.subscribe(({ delivered = 0 }) => void seen.push(delivered));
    await campaign.done;
    watch.unsubscribe();
    expect(seen.some((delivered) => delivered > 0 && delivered < 1_500)).toBe(true);
    expect([...seen].sort((one, other) => one - other)).toEqual(seen);
  });

  it('is matched with a report without ids by its recipient', async () => {
    await start({}, { reports: false });
    await (
      await startCampaign('spring', 1_100)
    ).done;
    report({ dest: normalized(1_050), src: 'MyBrand' });
    report({ dest: normalized(1_050), src: 'Another' });
    report({ dest: normalized(5_000), src: 'MyBrand' });
    await handled(3);
    expect(bench.handled.map(({ campaign, matched }) => [campaign, matched])).toEqual([
      ['spring', 'dest'],
      [undefined, undefined],
      [undefined, undefined],
    ]);
    expect(await inputs('spring', 'delivered')).toEqual([{ dest: normalized(1_050), reason: 'delivered' }]);
  });

  it('is matched with an early report once its request is answered', async () => {
    const gateway = await ScriptedGateway.start();
    let release = (): void => undefined;
    const answered = new Promise<void>((resolve) => (release = resolve));
    gateway.onSend = async ({ dests }) => {
      if (dests.length > 1) await answered;
      // The answer to the single message names no request: any report to this number could belong to it.
      return { json: dests.length > 1 ? { jobId: 'the campaign', accepted: dests.length } : { accepted: 1 } };
    };
    try {
      await start({ baseUrl: gateway.url });
      await bench.application.sms.send({ ...MESSAGE, dests: [mobile(1)] }, { reference: 'order-1' });
      const campaign = await startCampaign('spring', 10);
      await until('the request is in flight', () => campaign.snapshot().pending === 10);
      gateway.report(DEMO.username, [{ jobId: 'the campaign', dest: normalized(1), status: 'delivered' }]);
      setTimeout(release, 300);
      await campaign.done;
      await handled(1);
      expect(bench.handled[0]).toMatchObject({ campaign: 'spring', matched: 'job' });
    } finally {
      release();
      await bench.stop();
      await gateway.stop();
    }
  });

  it('is not matched when another campaign or message to the same number is possible', async () => {
    await start();
    await (
      await startCampaign('spring', 10)
    ).done;
    report({ dest: normalized(1) });
    await handled(1);
    await bench.application.sms.send({ ...MESSAGE, dests: [mobile(1)] }, { reference: 'order-1' });
    await (
      await startCampaign('summer', 5)
    ).done;
    report({ dest: normalized(1), status: 'failed' });
    report({ dest: normalized(7), status: 'failed' });
    await handled(3);
    expect(bench.handled.map(({ campaign }) => campaign)).toEqual(['spring', undefined, 'spring']);
  });

  it('is matched with the report of a recipient with a personal text', async () => {
    await start();
    const recipients = Array.from({ length: 300 }, (_, i) => ({ dest: mobile(i), name: `Name ${i % 7}` }));
    const message = { ...MESSAGE, body: 'Dear {name}' };
    await (
      await campaigns().start({ id: 'named', message, recipients })
    ).done;
    report({ dest: normalized(299), status: 'undelivered' });
    await handled(1);
    expect(await inputs('named', 'undelivered')).toEqual([{ dest: normalized(299), reason: 'undelivered' }]);
  });

  it('lists recipients without a report as missing, and announces them once', async () => {
    await start({ tracking: { missingAfterMs: 1_000 } });
    await (
      await startCampaign('spring', 600)
    ).done;
    report({ dest: normalized(1) });
    await until(
      'the missing recipients are announced',
      () => missing.flatMap(({ messages }) => messages).length >= 599,
    );
    expect(missing.flatMap(({ messages }) => messages)[0]).toEqual({
      ...{ campaign: 'spring', dest: '9665******00', sentAt: expect.any(String) },
    });
    expect((await again('spring')).snapshot()).toMatchObject({ delivered: 1, missing: 599, noReportYet: 0 });
    report({ dest: normalized(2) });
    await handled(2);
    expect(await inputs('spring', 'missing')).toHaveLength(598);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(missing.flatMap(({ messages }) => messages)).toHaveLength(599);
  });
});

describe('recipients whose outcome is unknown', () => {
  it('count as sent and are announced once their report arrives, and are not sent to again', async () => {
    await start({ retry: { attempts: 1 } });
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    await (
      await startCampaign('spring', 5)
    ).done;
    expect((await again('spring')).snapshot()).toMatchObject({ sent: 0, unknown: 5 });
    report({ dest: normalized(0), status: 'sent' });
    report({ dest: normalized(3), status: 'delivered' });
    await handled(2);
    await until('the event was emitted', () => confirmed.length > 0);
    expect(confirmed.flatMap(({ messages }) => messages).map(({ campaign, dest }) => [campaign, dest])).toEqual([
      ['spring', '9665******00'],
      ['spring', '9665******03'],
    ]);
    expect((await again('spring')).snapshot()).toMatchObject({ sent: 2, unknown: 3, delivered: 1, noReportYet: 1 });
    expect((await inputs('spring', 'unknown')).map(({ dest }) => dest)).toEqual([1, 2, 4].map(normalized));
    expect((await inputs('spring', 'sent')).map(({ dest }) => dest)).toEqual([0, 3].map(normalized));
    const before = bench.gateway.messages.length;
    expect(await campaigns().resolveUnknown('spring', 'sendAgain')).toBe(3);
    await (
      await again('spring')
    ).done;
    expect(bench.gateway.messages.slice(before).map(({ dest }) => dest)).toEqual([1, 2, 4].map(normalized));
    expect((await again('spring')).snapshot()).toMatchObject({ sent: 5, unknown: 0, delivered: 1, noReportYet: 4 });
  });
});

describe('a campaign without matched reports', () => {
  it('has no delivery counts when it asks for no reports or tracking is not set', async () => {
    await start();
    await (
      await startCampaign('quiet', 5, { dlr: false })
    ).done;
    expect((await again('quiet')).snapshot()).not.toHaveProperty('delivered');
    expect(await inputs('quiet', 'noReportYet')).toEqual([]);
    await bench.stop();
    await start({ tracking: undefined });
    await (
      await startCampaign('untracked', 5)
    ).done;
    expect((await again('untracked')).snapshot()).not.toHaveProperty('delivered');
    report({ dest: normalized(1) });
    await handled(1);
    expect(bench.handled[0]).not.toHaveProperty('campaign');
  });
});
