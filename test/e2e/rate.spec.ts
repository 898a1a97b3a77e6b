import { afterEach, expect, it } from '@jest/globals';
import { OurSmsAbortedError, type OurSmsRateOptions } from 'nestjs-oursms';
import { rejection, startBench, until, type TestBench } from '../support/application.js';

let bench: TestBench;
afterEach(() => bench?.close());

const message = (i: number): { src: string; dests: string[]; body: string } => ({
  ...{ src: 'MyBrand', dests: ['0501234567'] },
  body: `message ${i}`,
});

it('the gateway receives at most rate.requestsPerSecond requests of an account in any second', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 25 } });
  await Promise.all(Array.from({ length: 70 }, (_, i) => bench.sms.send(message(i))));
  const times = bench.gateway.requests.map(({ at }) => at).sort((a, b) => a - b);
  expect(times).toHaveLength(70);
  const most = Math.max(...times.map((start, i) => times.slice(i).filter((time) => time < start + 1_000).length));
  expect(most).toBeLessThanOrEqual(25);
});

it('a retry counts as a request of the rate limit', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 5 }, retry: { delayMs: 1 } });
  bench.gateway.faults.next('rateLimit', { retryAfter: 0, times: 4 });
  await Promise.all(Array.from({ length: 3 }, (_, i) => bench.sms.send(message(i))));
  const times = bench.gateway.requests.map(({ at }) => at).sort((a, b) => a - b);
  expect(times).toHaveLength(7);
  expect((times[5] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);
});

it('the wait for the rate limit does not count towards retry.deadlineMs', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 1 }, retry: { delayMs: 1, deadlineMs: 500 } });
  await bench.sms.send(message(1));
  bench.gateway.faults.next('rateLimit', { retryAfter: 0 });
  expect(await bench.sms.send(message(2))).toMatchObject({ attempts: 2 });
});

it('a send that waits for the rate limit can be aborted, and nothing is sent', async () => {
  bench = await startBench({ rate: { requestsPerSecond: 1 } });
  await bench.sms.send(message(1));
  const giveUp = new AbortController();
  const sending = rejection(bench.sms.send(message(2), { signal: giveUp.signal }), OurSmsAbortedError);
  setTimeout(() => giveUp.abort(), 20);
  expect(await sending).toMatchObject({ outcome: 'notSent' });
  expect(bench.gateway.requests).toHaveLength(1);
});

it('at most rate.concurrency requests are in flight', async () => {
  bench = await startBench({ rate: { concurrency: 2 } });
  bench.gateway.faults.next('latency', { ms: 300, times: 2 });
  const sending = Promise.all(Array.from({ length: 4 }, (_, i) => bench.sms.send(message(i))));
  await until('two requests are in flight', () => bench.gateway.faults.pending === 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(bench.gateway.requests).toHaveLength(2);
  await sending;
  expect(bench.gateway.requests).toHaveLength(4);
});

it.each<[string, OurSmsRateOptions]>([
  ['without limits', {}],
  ['with a higher concurrency than connections', { concurrency: 100 }],
])('the timeout of a request starts after its wait for a connection: %s', async (_which, rate) => {
  bench = await startBench({ rate, http: { maxConnections: 1, timeoutMs: 400 } });
  bench.gateway.faults.chance('latency', 1, { ms: 150, on: 'send' });
  const receipts = await Promise.all(Array.from({ length: 5 }, (_, i) => bench.sms.send(message(i))));
  expect(receipts.map(({ accepted }) => accepted)).toEqual([1, 1, 1, 1, 1]);
});

it('messages that wait for a connection when the application closes are sent', async () => {
  bench = await startBench({ http: { maxConnections: 2 } });
  bench.gateway.faults.chance('latency', 1, { ms: 50, on: 'send' });
  const sending = Promise.all(Array.from({ length: 10 }, (_, i) => bench.sms.send(message(i))));
  await until('two requests are in flight', () => bench.gateway.requests.length === 2);
  await bench.close();
  expect((await sending).map(({ accepted }) => accepted)).toEqual(Array(10).fill(1));
});
