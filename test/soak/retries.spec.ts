import { afterEach, expect, it } from '@jest/globals';
import { OurSmsError, type OurSmsRetryOptions, type SendReceipt } from 'nestjs-oursms';
import type { FaultKind } from '../../lib/testing/simulator/fault-kinds.js';
import { startBench, type TestBench } from '../support/application.js';
import { reportLine } from '../support/report-line.js';

const SENDS = Number(process.env.SENDS ?? 10_000);
const AT_ONCE = 400;

/** Every fault of a send, with the percentage of requests that meet it. */
const FAULTS: readonly [FaultKind, number, object?][] = [
  ['resetBefore', 4],
  ['resetAfter', 4],
  ['halfClosed', 3],
  ['slowBody', 1, { everyMs: 60 }],
  ['hang', 1],
  ['garbage', 3],
  ['html', 3],
  ['empty', 3],
  ['errorIn200', 3],
  ['rateLimit', 4, { retryAfter: 0 }],
  ['serverError', 3],
  ['serverError', 3, { processed: true }],
  ['unavailable', 3],
  ['huge', 1, { bytes: 8_192 }],
  ['redirect', 2, { location: '/elsewhere' }],
];

let bench: TestBench;
afterEach(() => bench?.close());

type Told = { receipt: SendReceipt } | { error: OurSmsError };

/** Sends each message to its own phone; resolves to the result for the caller and the number of deliveries. */
async function sendAll(retry: OurSmsRetryOptions): Promise<{ told: Told; reached: number }[]> {
  bench = await startBench(
    // The gateway looks back two minutes for duplicates; the test takes less.
    {
      retry: { delayMs: 5, attempts: 12, deadlineMs: 300_000, ...retry },
      http: { timeoutMs: 800, maxResponseBytes: 4_096 },
    },
    { accounts: [{ username: 'demo', password: 'demo', credits: 10_000_000 }] },
  );
  for (const [kind, inHundred, parameters] of FAULTS) {
    bench.gateway.faults.chance(kind as 'hang', inHundred / 100, { ...parameters, on: 'send' });
  }
  const results: { told: Told; reached: number }[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < SENDS; i = next++) {
      const dest = `9665${String(i).padStart(8, '0')}`;
      const told = await bench.sms.send({ src: 'MyBrand', dests: [dest], body: `code ${i}` }).then(
        (receipt): Told => ({ receipt }),
        (error: unknown): Told => {
          if (!(error instanceof OurSmsError)) throw error;
          return { error };
        },
      );
      results[i] = { told, reached: bench.gateway.phone(dest).length };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

const isSent = (told: Told): boolean =>
  'receipt' in told && (told.receipt.accepted ?? 0) + (told.receipt.confirmedByTwin ?? 0) === 1;
const outcomeIs = (told: Told, outcome: string): boolean => 'error' in told && told.error.outcome === outcome;

it.each<[string, OurSmsRetryOptions]>([
  ['guarded', { unknownOutcome: 'guarded' }],
  ['unguarded', {}],
])(
  'under all faults, no message is delivered twice and every reported outcome is true: %s',
  async (mode, retry) => {
    const results = await sendAll(retry);
    const count = (which: (result: { told: Told; reached: number }) => boolean): number => results.filter(which).length;
    const unknown = count(({ told }) => outcomeIs(told, 'unknown'));
    reportLine(
      `${mode}: ${SENDS} sends, ${bench.gateway.totals.requests} requests, ${count(({ reached }) => reached === 1)} delivered, ` +
        `${count(({ told }) => 'receipt' in told && !!told.receipt.confirmedByTwin)} confirmed by a twin, ${unknown} unknown, ` +
        `${count(({ told }) => outcomeIs(told, 'notSent'))} not sent`,
    );
    expect(results).toHaveLength(SENDS);
    expect(count(({ reached }) => reached > 1)).toBe(0);
    expect(count(({ told, reached }) => isSent(told) && reached === 0)).toBe(0);
    expect(count(({ told, reached }) => outcomeIs(told, 'notSent') && reached > 0)).toBe(0);
    expect(count(({ told }) => 'receipt' in told && !isSent(told))).toBe(0);
    // Proof that faults occurred, and that the guard settled most of them (all but those whose retry was refused).
    expect(unknown).toBeGreaterThan(mode === 'guarded' ? -1 : SENDS / 10);
    expect(unknown).toBeLessThan(mode === 'guarded' ? SENDS / 4 : SENDS / 2);
    expect(bench.gateway.totals.requests).toBeGreaterThan(SENDS * 1.02);
  },
  240_000,
);
