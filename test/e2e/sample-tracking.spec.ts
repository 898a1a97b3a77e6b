import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import type { HandledDlr } from '../../sample-app/reports/dlr-feed.js';
import { SampleBench } from '../support/sample-bench.js';

jest.setTimeout(60_000);

const hello = { src: 'MyBrand', dests: ['0501234567'], body: 'hello', dlr: true };

let sample: SampleBench;

const reportOf = async (fits: (report: HandledDlr) => boolean): Promise<HandledDlr> =>
  (await sample.event<HandledDlr>(({ type, data }) => type === 'message' && fits(data))).data;

describe('a message of the sample application', () => {
  beforeEach(async () => void (sample = await SampleBench.start()));
  afterEach(() => sample.close());

  it('has a reference, and its report brings it back with the text and the time', async () => {
    const { status, json } = await sample.post<SendReceipt>('/messages', { ...hello, reference: 'order-4711' });
    expect({ status, reference: json.reference }).toEqual({ status: 201, reference: 'order-4711' });
    const report = await reportOf(({ reference }) => reference === 'order-4711');
    expect(report).toMatchObject({ status: 'delivered', text: 'hello', matched: 'msgId' });
    expect(Math.abs(Date.parse(report.sentAt ?? '') - Date.now())).toBeLessThan(20_000);
    await sample.restart();
    expect(await reportOf(({ reference }) => reference === 'order-4711')).toEqual(report);
  });

  it('gets a reference of its own when it has none', async () => {
    const receipts = [
      await sample.post<SendReceipt>('/messages', hello),
      await sample.post<SendReceipt>('/messages', hello),
    ];
    const [first, second] = receipts.map(({ json }) => json.reference);
    expect(first).toMatch(/^msg-[0-9a-f]{8}$/);
    expect(second).not.toBe(first);
    expect(await reportOf(({ reference }) => reference === first)).toMatchObject({ text: 'hello' });
  });

  it('has its own text, also when another one has the same reference', async () => {
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

describe('a report at the sample application', () => {
  let gateway: GatewaySimulator;

  beforeEach(async () => {
    gateway = await GatewaySimulator.start({ reports: false, acceptedMsgs: false });
    sample = await SampleBench.start({ OURSMS_SIMULATOR: gateway.url });
  });
  afterEach(async () => {
    await sample.close();
    await gateway.stop();
  });

  it('names no message when none was found', async () => {
    gateway.pushReport('demo', { msgId: 'm1', status: 'delivered', dest: '966501234567' });
    const report = await reportOf(({ msgId }) => msgId === 'm1');
    for (const field of ['matched', 'reference', 'text', 'sentAt']) expect(report).not.toHaveProperty(field);
  });

  it('says that its message was found by its number alone', async () => {
    await sample.post('/messages', { ...hello, reference: 'a' });
    gateway.pushReport('demo', { status: 'failed', dest: '966501234567' });
    const report = await reportOf(({ reference }) => reference === 'a');
    expect(report).toMatchObject({ matched: 'dest', status: 'failed', text: 'hello' });
  });
});
