import { describe, expect, it } from '@jest/globals';
import { reportLine } from '../support/report-line.js';
import { TrackingRun, type RunResult } from '../support/tracking-model/tracking-run.js';

const RUNS = Number(process.env.ROUNDS ?? 12);
const SEED = Number(process.env.SEED ?? 1);
const STEPS = 120;

describe('delivery reports in random runs', () => {
  it('are matched with their own messages only, and lead to the states that a model predicts', async () => {
    const results: RunResult[] = [];
    for (let run = 0; run < RUNS; run++) {
      results.push(await new TrackingRun(SEED + run).run(STEPS));
    }
    expect(results.flatMap(({ faults }) => faults)).toEqual([]);
    const sum = (of: (result: RunResult) => number): number => results.reduce((total, one) => total + of(one), 0);
    const reports = sum((one) => one.reports);
    const undecided = sum((one) => one.undecided);
    reportLine(
      `tracking model: ${RUNS} runs, ${sum((one) => one.sends)} sends, ${reports} reports, matched by msgId ${sum((one) => one.matched.msgId)}, ` +
        `by job ${sum((one) => one.matched.job)}, by dest ${sum((one) => one.matched.dest)}, not matched ${sum((one) => one.unmatched)} ` +
        `(${((undecided / reports) * 100).toFixed(1)} % were of messages sent here), ${sum((one) => one.restarts)} restarts, seed ${SEED}`,
    );
    for (const by of ['msgId', 'job', 'dest'] as const) expect(sum((one) => one.matched[by])).toBeGreaterThan(0);
  });
});
