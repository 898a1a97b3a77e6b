import { afterEach, expect, it } from '@jest/globals';
import { OurSmsAbortedError, type OurSmsRateOptions } from 'nestjs-oursms';
import { rejection, startBench, until, type TestBench } from '../support/application.js';

let bench: TestBench;
afterEach(() => bench?.close());

const message = (i: number): { src: string; dests: string[]; body: string } => ({
  ...{ src: 'MyBrand', dests: ['0501234567'] },
  body: `message ${i}`,
});

it('an account sends no more requests in any second than rate.requestsPerSecond, as the gateway sees them', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 25 } });
  await Promise.all(Array.from({ length: 70 }, (_, i) => bench.sms.send(message(i))));
  const times = bench.gateway.requests.map(({ at }) => at).sort((a, b) => a - b);
  expect(times).toHaveLength(70);
  const most = Math.max(...times.map((start, i) => times.slice(i).filter((time) => time < start + 1_000).length));
  expect(most).toBeLessThanOrEqual(25);
});

it('tries again within the rate: each try is a request', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 5 }, retry: { delayMs: 1 } });
  bench.gateway.faults.next('rateLimit', { retryAfter: 0, times: 4 });
  await Promise.all(Array.from({ length: 3 }, (_, i) => bench.sms.send(message(i))));
  const times = bench.gateway.requests.map(({ at }) => at).sort((a, b) => a - b);
  expect(times).toHaveLength(7);
  expect((times[5] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
});

it('what a message waits for its turn is not taken from the time for its repeats', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 1 }, retry: { delayMs: 1, deadlineMs: 500 } });
  await bench.sms.send(message(1));
  bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
  expect(await bench.sms.send(message(2))).toMatchObject({ attempts: 2 });
});

it('a caller who waits for its turn can give up, and nothing is sent', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 1 } });
  await bench.sms.send(message(1));
  const giveUp = new AbortController();
  const sending = rejection(bench.sms.send(message(2), { signal: giveUp.signal }), OurSmsAbortedError);
  setTimeout(() => giveUp.abort(), 20);
  expect(await sending).toMatchObject({ outcome: 'notSent' });
  expect(bench.gateway.requests).toHaveLength(1);
});

it('no more requests are on their way than rate.concurrency', async () => {
  bench = await startBench({ rate: { concurrency: 2 } });
  bench.gateway.faults.next('latency', { ms: 300, times: 2 });
  const sending = Promise.all(Array.from({ length: 4 }, (_, i) => bench.sms.send(message(i))));
  await until('two are on their way', () => bench.gateway.faults.pending === 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(bench.gateway.requests).toHaveLength(2);
  await sending;
  expect(bench.gateway.requests).toHaveLength(4);
});

it.each<[string, OurSmsRateOptions]>([
  ['without limits', {}],
  ['with more requests at a time than connections', { concurrency: 100 }],
])('a request waits for a connection before its time begins: %s', async (_which, rate) => {
  bench = await startBench({ rate, http: { maxConnections: 1, timeoutMs: 400 } });
  bench.gateway.faults.chance('latency', 1, { ms: 150, on: 'send' });
  const receipts = await Promise.all(Array.from({ length: 5 }, (_, i) => bench.sms.send(message(i))));
  expect(receipts.map(({ accepted }) => accepted)).toEqual([1, 1, 1, 1, 1]);
});

it('what waits for a connection when the application ends is sent', async () => {
  bench = await startBench({ http: { maxConnections: 2 } });
  bench.gateway.faults.chance('latency', 1, { ms: 50, on: 'send' });
  const sending = Promise.all(Array.from({ length: 10 }, (_, i) => bench.sms.send(message(i))));
  await until('two are on their way', () => bench.gateway.requests.length === 2);
  await bench.close();
  expect((await sending).map(({ accepted }) => accepted)).toEqual(Array(10).fill(1));
});
