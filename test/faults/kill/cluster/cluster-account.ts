import type { CampaignAccount } from '../campaign-account.js';
import { countTakeovers, leaseFaults, type LeaseEvidence } from './leases-account.js';
import { accountForReports, type ReportsAccount, type ReportsEvidence } from './reports-account.js';

/** What is known of a cluster when all is over. */
export interface ClusterEvidence extends ReportsEvidence, LeaseEvidence {
  campaigns: CampaignAccount;
  troubles: number;
  /** What was wrong with the instances themselves. */
  faults: readonly string[];
}

/** What became of everything. */
export interface ClusterAccount {
  troubles: number;
  lives: number;
  /** How often the lease went from one life to another. */
  takeovers: number;
  reports: ReportsAccount;
  campaigns: CampaignAccount;
  /** What must not be. */
  faults: string[];
}

/** Accounts for reports, leases and campaigns. */
export function accountForCluster(evidence: ClusterEvidence): ClusterAccount {
  const { lives, leases, campaigns, troubles, faults } = evidence;
  const reports = accountForReports(evidence);
  return {
    ...{ troubles, lives: lives.length, takeovers: countTakeovers(leases), reports, campaigns },
    faults: [...faults, ...leaseFaults(evidence), ...reports.faults, ...campaigns.faults],
  };
}
