import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { reportLine } from '../../support/report-line.js';
import { allEnded, endWhatIsLeft } from '../../support/what-is-left.js';
import { PATIENCE_MS } from './run-lanes.js';
import { TrackingLane, type TrackingPlan } from './tracking-lane.js';

jest.setTimeout(PATIENCE_MS);

/** The processes that are killed in the test that must find nothing. */
const ROUNDS = Number(process.env.ROUNDS ?? 100);
const SEED = Number(process.env.SEED ?? 1);
const LANES = 2;

/** Runs a plan in two lanes at a time, and reports one line about them. */
async function run(
  name: string,
  share: number,
  plan: Partial<TrackingPlan> = {},
): Promise<{ byDest: number; faults: string[] }> {
  const began = Date.now();
  const rounds = Math.ceil((ROUNDS * share) / LANES);
  const lanes = await allEnded(
    Array.from({ length: LANES }, (_, i) => TrackingLane.run({ ...plan, rounds, seed: SEED + i })),
  );
  const sum = (of: (lane: (typeof lanes)[number]) => number): number => lanes.reduce((all, one) => all + of(one), 0);
  const by = (kind: string): number => sum(({ matched }) => matched[kind] ?? 0);
  const faults = lanes.flatMap((lane) => lane.faults);
  reportLine(
    `${name}: ${LANES * rounds} × SIGKILL, ${sum(({ received }) => received)} messages received, reports matched ` +
      `by msgId ${by('msgId')}, by job ${by('job')}, by dest ${by('dest')}, ${by('nothing')} not matched, ` +
      `${faults.length} faults, ${Math.round((Date.now() - began) / 1000)} s, seed ${SEED}`,
  );
  return { byDest: by('dest'), faults };
}

describe('processes that are killed while they send tracked messages', () => {
  it('leave a record of each message that the gateway received, and its report is matched', async () => {
    const { byDest, faults } = await run('tracked and killed', 1);
    expect(faults).toEqual([]);
    // Or no kill fell between a request and its answer, and nothing was shown.
    expect(byDest).toBeGreaterThan(ROUNDS / 3);
  });
});

describe('these tests detect the loss when', () => {
  it('a record is written after its request was sent', async () => {
    const preload = './tracking-store/writes-records-late.mjs';
    const { faults } = await run('tracked and killed, with late records', 0.06, { preload });
    expect(faults).toEqual(expect.arrayContaining([expect.stringContaining('reached the gateway, and has no record')]));
  });
});

afterAll(endWhatIsLeft);
