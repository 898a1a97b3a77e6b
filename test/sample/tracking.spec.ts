import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import type { CampaignView } from '../../sample-app/campaigns/campaign-desk.js';
import type { ShownInputs } from '../../sample-app/campaigns/campaign-inputs.js';
import type { HandledDlr } from '../../sample-app/reports/dlr-feed.js';
import { mobile, normalized } from '../support/campaign-bench.js';
import { SampleBench } from '../support/sample-bench.js';
import { SampleCampaigns } from '../support/sample-campaigns.js';
import { setClock } from '../support/set-clock.js';

jest.setTimeout(60_000);

const hello = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };
const MINUTE_MS = 60_000;

let sample: SampleBench;

const reportOf = async (fits: (report: HandledDlr) => boolean): Promise<HandledDlr> =>
  (await sample.event<HandledDlr>(({ type, data }) => type === 'message' && fits(data))).data;

describe('a message of the sample application', () => {
  beforeEach(async () => void (sample = await SampleBench.start()));
  afterEach(() => sample.close());

  it('has a reference, which its report shows together with the text and the send time', async () => {
    const { status, json } = await sample.post<SendReceipt>('/messages', { ...hello, reference: 'order-4711' });
    expect({ status, reference: json.reference }).toEqual({ status: 201, reference: 'order-4711' });
    const report = await reportOf(({ reference }) => reference === 'order-4711');
    expect(report).toMatchObject({ status: 'delivered', text: 'hello', matched: 'msgId' });
    expect(Math.abs(Date.parse(report.sentAt ?? '') - Date.now())).toBeLessThan(20_000);
    await sample.restart();
    expect(await reportOf(({ reference }) => reference === 'order-4711')).toEqual(report);
  });

  it('gets a generated reference when it is sent without one', async () => {
    const receipts = [
      await sample.post<SendReceipt>('/messages', hello),
      await sample.post<SendReceipt>('/messages', hello),
    ];
    const [first, second] = receipts.map(({ json }) => json.reference);
    expect(first).toMatch(/^msg-[0-9a-f]{8}$/);
    expect(second).not.toBe(first);
    expect(await reportOf(({ reference }) => reference === first)).toMatchObject({ text: 'hello' });
  });

  it('shows its own text in its report, also when another message has the same reference', async () => {
    for (const body of ['one', 'two']) {
      const dests = [body === 'one' ? '0501111111' : '0502222222'];
      await sample.post('/messages', { ...hello, dests, body, reference: 'twice' });
    }
    expect((await reportOf(({ dest }) => dest === '966501111111')).text).toBe('one');
    expect((await reportOf(({ dest }) => dest === '966502222222')).text).toBe('two');
  });

  it.each([
    ['an empty reference', ''],
    ['a reference of more than 128 characters', 'x'.repeat(129)],
    ['a number for a reference', 7],
  ])('is refused with %s', async (_what, reference) => {
    const { status, json } = await sample.post<{ message: string[] }>('/messages', { ...hello, reference });
    expect(status).toBe(400);
    expect(json.message.every((sentence) => sentence.startsWith('reference must be'))).toBe(true);
  });

  it('has its reference described on the API page, among the fields of the module', async () => {
    const { json } = await sample.get<{ components: { schemas: Record<string, { properties: object }> } }>('/api-json');
    const fields = Object.keys(json.components.schemas.SentMessageDto?.properties ?? {});
    expect(fields).toEqual(expect.arrayContaining(['reference', 'src', 'dests', 'body', 'msgClass']));
  });
});

describe('a report in the sample application', () => {
  let gateway: GatewaySimulator;

  beforeEach(async () => {
    gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    sample = await SampleBench.start({ OURSMS_SIMULATOR: gateway.url });
  });
  afterEach(async () => {
    await sample.close();
    await gateway.stop();
  });

  it('names no message when no message matches', async () => {
    gateway.pushReport('demo', { msgId: 'm1', status: 'delivered', dest: '966501234567' });
    const report = await reportOf(({ msgId }) => msgId === 'm1');
    for (const field of ['matched', 'reference', 'text', 'sentAt']) expect(report).not.toHaveProperty(field);
  });

  it('shows that its message was matched by the phone number alone', async () => {
    await sample.post('/messages', { ...hello, reference: 'a' });
    gateway.pushReport('demo', { status: 'failed', dest: '966501234567' });
    const report = await reportOf(({ reference }) => reference === 'a');
    expect(report).toMatchObject({ matched: 'dest', status: 'failed', text: 'hello' });
  });
});

describe('delivery tracking of a campaign in the sample application', () => {
  let campaigns: SampleCampaigns;

  beforeEach(async () => {
    sample = await SampleBench.start();
    campaigns = new SampleCampaigns(sample);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await sample.close();
  });

  /** Two delivered, undelivered, no final report, rejected; then a duplicate, and an invalid number. */
  const LIST = [mobile(1), mobile(2), mobile(100), mobile(88), mobile(99), mobile(1), '12'].join('\n');
  const start = (dlr = true): Promise<unknown> =>
    campaigns.start(LIST, { id: 'sale', message: { src: 'MyBrand', body: 'Half price', dlr } });
  const isReported = ({ delivered, undelivered }: CampaignView): boolean => delivered === 2 && undelivered === 1;
  const csvOf = async (group: string): Promise<string[]> => {
    const text = await (await fetch(`${sample.url}/campaigns/sale/inputs/${group}/csv`)).text();
    return text.split('\r\n').slice(1, -1);
  };

  it('continues after the campaign is done, as reports arrive, with the deliveries over time', async () => {
    await start();
    const told: CampaignView[] = await campaigns.follow('sale', isReported);
    expect(told.some(({ state, noReportYet }) => state === 'done' && Number(noReportYet) > 1)).toBe(true);
    const last = told.at(-1);
    expect(last).toMatchObject({ state: 'done', sent: 4, delivered: 2, undelivered: 1, noReportYet: 1, missing: 0 });
    const sum = (fate: 'delivered' | 'undelivered'): number =>
      last?.deliveries?.columns.reduce((all, column) => all + column[fate], 0) ?? 0;
    expect([sum('delivered'), sum('undelivered')]).toEqual([2, 1]);
    const [listed] = (await sample.get<CampaignView[]>('/campaigns')).json;
    expect(listed).toMatchObject({ delivered: 2 });
    expect(listed).not.toHaveProperty('deliveries');
    await sample.restart();
    const { deliveries } = (await sample.get<CampaignView>('/campaigns/sale')).json;
    expect(deliveries).toEqual(last?.deliveries);
  });

  it('shows the id of the campaign in its reports', async () => {
    await start();
    const report = await reportOf(({ dest }) => dest === normalized(100));
    expect(report).toMatchObject({ campaign: 'sale', status: 'undelivered', matched: 'job' });
    expect(report).not.toHaveProperty('text');
  });

  it('offers each group of the funnel as a CSV file', async () => {
    await start();
    await campaigns.follow('sale', isReported);
    const [one, two, undelivered, silent, rejected] = [1, 2, 100, 88, 99].map(normalized);
    expect(await csvOf('delivered')).toEqual([`${one},delivered,delivered`, `${two},delivered,delivered`]);
    expect(await csvOf('undelivered')).toEqual([`${undelivered},undelivered,undelivered`]);
    expect(await csvOf('noReportYet')).toEqual([`${silent},noReportYet,sent`]);
    expect(await csvOf('missing')).toEqual([]);
    expect((await csvOf('accepted')).map((row) => row.split(',')[0]).sort()).toEqual(
      [one, two, undelivered, silent].sort(),
    );
    const valid = await csvOf('valid');
    expect(valid).toHaveLength(5);
    expect(valid).toContain(`${rejected},rejected,`);
    const all = await csvOf('list');
    expect(all.slice(0, 5)).toEqual(valid);
    expect(all.slice(5).map((row) => row.split(',').slice(0, 2))).toEqual([
      ['12', 'invalid'],
      [mobile(1), 'duplicate'],
    ]);
    const shown = (await sample.get<ShownInputs>('/campaigns/sale/inputs/undelivered')).json;
    expect(shown.inputs).toEqual([{ dest: '9665******00', fate: 'undelivered', reason: 'undelivered' }]);
  });

  it('counts recipients without a final report as missing after a minute, also in an open stream', async () => {
    await start();
    await campaigns.follow('sale', isReported);
    const following = campaigns.follow('sale', ({ missing }) => missing === 1);
    setClock(2 * MINUTE_MS);
    expect((await following).at(-1)).toMatchObject({ noReportYet: 0, missing: 1 });
    expect(await csvOf('missing')).toEqual([`${normalized(88)},missing,sent`]);
  });

  it('starts empty when a removed campaign had the same id', async () => {
    await start();
    await campaigns.follow('sale', isReported);
    await sample.delete('/campaigns/sale');
    await start(false);
    expect((await sample.get('/campaigns/sale')).json).not.toHaveProperty('deliveries');
  });

  it('ends the progress stream when the campaign is removed, and at shutdown', async () => {
    await start();
    await campaigns.follow('sale', isReported);
    const streams = [1, 2].map(() => fetch(`${sample.url}/campaigns/sale/progress`));
    const [removed] = await Promise.all(streams);
    await sample.delete('/campaigns/sale');
    expect(await removed?.text()).toContain('"delivered":2');
    await start();
    const stopped = await fetch(`${sample.url}/campaigns/sale/progress`);
    await sample.stop();
    await stopped.text().catch(() => undefined);
  });

  it('has no counts without delivery reports, but still offers the accepted recipients as a file', async () => {
    await start(false);
    const [done] = (await campaigns.follow('sale', ({ state }) => state === 'done')).slice(-1);
    expect(done).not.toHaveProperty('delivered');
    expect(await csvOf('delivered')).toEqual([]);
    expect(await csvOf('accepted')).toHaveLength(4);
    expect(await csvOf('list')).toHaveLength(7);
  });
});
