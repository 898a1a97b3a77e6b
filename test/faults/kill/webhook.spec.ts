import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { reportLine } from '../../support/report-line.js';
import { allEnded, endWhatIsLeft } from '../../support/what-is-left.js';
import { PATIENCE_MS } from './run-lanes.js';
import { WebhookLane, type WebhookPlan } from './webhook-lane.js';

jest.setTimeout(PATIENCE_MS);

/** The processes that are killed in the test that must find nothing. */
const ROUNDS = Number(process.env.ROUNDS ?? 120);
const SEED = Number(process.env.SEED ?? 1);
const LANES = 2;

/** What is to be said of all lanes together. */
interface PushAccount {
  lost: string[];
  unanswered: number;
  oddities: string[];
}

/** Runs a plan in two lanes at a time, and reports one line about them. */
async function run(name: string, share: number, plan: Partial<WebhookPlan> = {}): Promise<PushAccount> {
  const began = Date.now();
  const rounds = Math.ceil((ROUNDS * share) / LANES);
  const lanes = await allEnded(
    Array.from({ length: LANES }, (_, i) => WebhookLane.run({ ...plan, rounds, seed: SEED + i })),
  );
  const lost = lanes.flatMap(({ taken, handled }) => {
    const known = new Set(handled);
    return taken.filter((msgId) => !known.has(msgId));
  });
  const sum = (of: (lane: (typeof lanes)[number]) => number): number => lanes.reduce((all, one) => all + of(one), 0);
  const unanswered = sum((lane) => lane.unanswered);
  const [taken, handled] = [sum((lane) => lane.taken.length), sum((lane) => lane.handled.length)];
  reportLine(
    `${name}: ${LANES * rounds} × SIGKILL, ${taken} reports answered with 200, handled ${handled} times, ` +
      `${unanswered} pushes killed before their answer, ${lost.length} lost, ` +
      `${Math.round((Date.now() - began) / 1000)} s, seed ${SEED}`,
  );
  return { lost, unanswered, oddities: lanes.flatMap(({ oddities }) => oddities) };
}

describe('processes that are killed while reports are pushed to them', () => {
  it('lose no report of a push that was answered with 200', async () => {
    const { lost, unanswered, oddities } = await run('pushed and killed', 1);
    expect(lost).toEqual([]);
    expect(oddities).toEqual([]);
    // Or no kill fell between the arrival of a push and its answer, and nothing was shown.
    expect(unanswered).toBeGreaterThan(ROUNDS / 3);
  });
});

describe('these tests detect the loss when', () => {
  it('reports are kept in memory', async () => {
    const { lost } = await run('pushed and killed, in memory', 0.04, { storage: 'memory' });
    expect(lost.length).toBeGreaterThan(0);
  });

  it('a push is answered before it is written', async () => {
    const preload = './faulty-store/acknowledges-early.mjs';
    const { lost } = await run('pushed and killed, with an early store', 0.04, { preload });
    expect(lost.length).toBeGreaterThan(0);
  });
});

afterAll(endWhatIsLeft);
