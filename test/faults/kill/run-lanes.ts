import { accountFor, type Account } from './account-for.js';
import { reportLine } from '../../support/report-line.js';
import { allEnded } from '../../support/what-is-left.js';
import { Lane, type LanePlan } from './lane.js';

/** The processes that are killed in the tests that must find nothing. */
const ROUNDS = Number(process.env.ROUNDS ?? 200);
const SEED = Number(process.env.SEED ?? 1);
const LANES = 2;

/** Milliseconds for one test, on a busy machine. */
export const PATIENCE_MS = Math.max(900_000, ROUNDS * 3_000);

type SharedPlan = Omit<LanePlan, 'seed' | 'rounds'> & { share: number };

/**
 * Runs a plan in two lanes at a time, and reports one line about them.
 *
 * @param share How many rounds it takes, as a share of `ROUNDS`.
 */
export async function runLanes(name: string, { share, ...plan }: SharedPlan): Promise<Account> {
  const began = Date.now();
  const rounds = Math.ceil((ROUNDS * share) / LANES);
  const lanes = Array.from({ length: LANES }, (_, i) => Lane.run({ ...plan, rounds, seed: SEED + i }));
  const account = merge((await allEnded(lanes)).map(accountFor));
  const { reports, duplicates, gaps, missing, windowMs, endMs, faults } = account;
  reportLine(
    `${name}: ${LANES * rounds} × ${plan.signal}, ${reports} reports, ${duplicates} duplicates, ${gaps} gaps, ` +
      `${missing} missing (up to ${windowMs} ms after the answer), ended within ${endMs} ms, ${faults.length} faults, ` +
      `${Math.round((Date.now() - began) / 1000)} s, seed ${SEED}`,
  );
  return account;
}

function merge(accounts: Account[]): Account {
  const sum = (of: (account: Account) => number): number => accounts.reduce((total, one) => total + of(one), 0);
  return {
    lives: sum(({ lives }) => lives),
    reports: sum(({ reports }) => reports),
    duplicates: sum(({ duplicates }) => duplicates),
    gaps: sum(({ gaps }) => gaps),
    missing: sum(({ missing }) => missing),
    windowMs: Math.max(...accounts.map(({ windowMs }) => windowMs)),
    endMs: Math.max(...accounts.map(({ endMs }) => endMs)),
    faults: accounts.flatMap(({ faults }) => faults),
  };
}
