import { reportLine } from '../../../support/report-line.js';
import { Cluster, type ClusterPlan } from './cluster.js';
import type { ClusterAccount } from './cluster-account.js';

/** The troubles in the tests that must find nothing, all together. */
const ROUNDS = Number(process.env.ROUNDS ?? 100);
const SEED = Number(process.env.SEED ?? 1);

/** Milliseconds for one test, on a busy machine. */
export const CLUSTER_PATIENCE_MS = Math.max(900_000, ROUNDS * 9_000);

type SharedPlan = Omit<ClusterPlan, 'seed' | 'rounds'> & { share: number; seed?: number };

/** A trouble may come a moment too early or too late to do any harm: a fault that is there is looked for so often. */
const LOOKS = 4;

/**
 * Runs a cluster, and reports one line about it.
 *
 * @param share How many rounds it takes, as a share of `ROUNDS`.
 * @param seed Default: `SEED`.
 */
export async function runCluster(name: string, { share, seed = SEED, ...plan }: SharedPlan): Promise<ClusterAccount> {
  const began = Date.now();
  const account = await Cluster.run({ ...plan, rounds: Math.ceil(ROUNDS * share), seed });
  const { troubles, lives, takeovers, reports, campaigns, faults } = account;
  reportLine(
    `${name}: ${troubles} troubles, ${lives} lives, ${takeovers} takeovers; ` +
      `${reports.reports} reports, ${reports.duplicates} duplicates, ${reports.gaps} gaps, ${reports.missing} missing ` +
      `(up to ${reports.windowMs} ms after the answer); ${campaigns.campaigns} campaigns, ${campaigns.requests} requests, ` +
      `${campaigns.recipients} recipients, ${campaigns.twice} twice, ${campaigns.never} never, ${campaigns.unknown} unknown; ` +
      `${faults.length} faults, ${Math.round((Date.now() - began) / 1000)} s, seed ${seed}`,
  );
  return account;
}

/** Runs clusters that have a fault until their account says something. @returns the faults that the last one found */
export async function lookFor(what: string, name: string, plan: SharedPlan): Promise<string[]> {
  for (let look = 0; ; look++) {
    const { faults } = await runCluster(name, { ...plan, seed: SEED + look });
    if (look + 1 === LOOKS || faults.some((fault) => fault.includes(what))) return faults;
  }
}
