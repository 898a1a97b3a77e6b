import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Campaigns, OurSmsAbortedError, OurSmsBusyError, OurSmsConfigError, type SendReceipt } from 'nestjs-oursms';
import { rejection, startBench, until, type TestBench } from '../support/application.js';

let bench: TestBench;
afterEach(() => bench?.close());

const message = (i: number): { src: string; dests: string[]; body: string } => ({
  ...{ src: 'MyBrand', dests: ['0501234567'] },
  body: `message ${i}`,
});
const sendMany = (count: number, signal?: AbortSignal): Promise<PromiseSettledResult<SendReceipt>[]> =>
  Promise.allSettled(Array.from({ length: count }, (_, i) => bench.sms.send(message(i), { signal })));
const refusalsIn = (results: PromiseSettledResult<SendReceipt>[]): unknown[] =>
  results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));

describe('rate.maxWaiting', () => {
  it('limits how many sends may wait, and refuses the next one at once as notSent and retryable', async () => {
    bench = await startBench({ rate: { concurrency: 2, maxWaiting: 3 } });
    bench.gateway.faults.chance('latency', 1, { ms: 100, on: 'send' });
    const refusals = refusalsIn(await sendMany(8));
    expect(refusals).toHaveLength(3);
    expect(refusals.every((error) => error instanceof OurSmsBusyError)).toBe(true);
    expect(refusals[0]).toMatchObject({ outcome: 'notSent', retryable: true, account: 'default', operation: 'send' });
    expect((refusals[0] as Error).message).toBe(
      'send (account default): 3 sends of this process are waiting already (rate.maxWaiting). The message was not sent; send it again when fewer are waiting.',
    );
    expect(bench.gateway.requests).toHaveLength(5);
    expect(await bench.sms.send(message(9))).toMatchObject({ accepted: 1 });
  });

  it('counts sends that wait for their next try as well', async () => {
    bench = await startBench({ rate: { maxWaiting: 2 }, retry: { attempts: 2 } });
    bench.gateway.faults.next('rateLimit', { retryAfter: 1, times: 2 });
    const waiting = sendMany(2);
    await until('both sends wait', () => bench.logs.matching('Try 1 of 2').length === 2);
    await rejection(bench.sms.send(message(3)), OurSmsBusyError);
    expect(refusalsIn(await waiting)).toEqual([]);
    expect(await bench.sms.send(message(4))).toMatchObject({ accepted: 1 });
  });

  it('does not apply to requests of a campaign', async () => {
    bench = await startBench({ rate: { concurrency: 1, maxWaiting: 1 } });
    const recipients = Array.from({ length: 900 }, (_, i) => `05${String(10_000_000 + i)}`);
    const campaign = await bench.app
      .get(Campaigns, { strict: false })
      .start({ id: 'sale', message: { src: 'MyBrand', body: 'hello' }, recipients });
    expect(await campaign.done).toMatchObject({ state: 'done', sent: 900 });
  });

  it('is 10,000 by default', async () => {
    bench = await startBench({ rate: { concurrency: 1 } });
    bench.gateway.faults.next('latency', { ms: 1_000, on: 'send' });
    const giveUp = new AbortController();
    const sending = sendMany(10_003, giveUp.signal);
    giveUp.abort();
    const refusals = refusalsIn(await sending);
    expect(refusals.filter((error) => error instanceof OurSmsBusyError)).toHaveLength(2);
    expect(refusals.filter((error) => error instanceof OurSmsAbortedError)).toHaveLength(10_001);
  });

  it.each([0, -1, 1.5, '10', null])('cannot be %p', async (maxWaiting) => {
    const error = await rejection(startBench({ rate: { maxWaiting: maxWaiting as number } }), OurSmsConfigError);
    expect(error.message).toContain('rate.maxWaiting');
  });
});

describe('one AbortSignal for many sends', () => {
  it('gets one listener, causes no warning, and has no listener left afterwards', async () => {
    bench = await startBench({ rate: { concurrency: 2 } });
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', onWarning);
    const { signal } = new AbortController();
    const sending = sendMany(50, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(refusalsIn(await sending)).toEqual([]);
    // Warnings are emitted in a later tick.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends all sends, both in flight and waiting', async () => {
    bench = await startBench({ rate: { concurrency: 2 } });
    bench.gateway.faults.chance('latency', 1, { ms: 5_000, on: 'send' });
    const giveUp = new AbortController();
    const sending = sendMany(20, giveUp.signal);
    await until('two requests are in flight', () => bench.gateway.requests.length === 2);
    giveUp.abort();
    const refusals = refusalsIn(await sending) as OurSmsAbortedError[];
    expect(refusals.every((error) => error instanceof OurSmsAbortedError)).toBe(true);
    expect(refusals.map(({ outcome }) => outcome).sort()).toEqual([
      ...Array<string>(18).fill('notSent'),
      ...Array<string>(2).fill('unknown'),
    ]);
    expect(getEventListeners(giveUp.signal, 'abort')).toEqual([]);
  });
});
