import { reportLine } from '../../support/report-line.js';
import { allEnded } from '../../support/what-is-left.js';
import { mergeAccounts, type CampaignAccount } from './campaign-account.js';
import { CampaignLane, type CampaignLanePlan } from './campaign-lane.js';

/** The processes that are killed in the tests that must find nothing. */
const ROUNDS = Number(process.env.ROUNDS ?? 200);
const SEED = Number(process.env.SEED ?? 1);
const LANES = 2;

/** Milliseconds for one test, on a busy machine. */
export const CAMPAIGN_PATIENCE_MS = Math.max(900_000, ROUNDS * 3_000);

type SharedPlan = Omit<CampaignLanePlan, 'seed' | 'rounds'> & { share: number };

/**
 * Runs campaigns in two lanes at a time, and reports one line about them.
 *
 * @param share How many rounds it takes, as a share of `ROUNDS`.
 */
export async function runCampaigns(name: string, { share, ...plan }: SharedPlan): Promise<CampaignAccount> {
  const began = Date.now();
  const rounds = Math.ceil((ROUNDS * share) / LANES);
  const lanes = Array.from({ length: LANES }, (_, i) => CampaignLane.run({ ...plan, rounds, seed: SEED + i }));
  const account = mergeAccounts((await allEnded(lanes)).flat());
  const { campaigns, kills, requests, recipients, twice, never, unknown, faults } = account;
  reportLine(
    `${name}: ${campaigns} campaigns, ${kills} × SIGKILL, ${requests} requests, ${recipients} recipients, ${twice} twice, ` +
      `${never} never, ${unknown} unknown, ${faults.length} faults, ${Math.round((Date.now() - began) / 1000)} s, seed ${SEED}`,
  );
  return account;
}
