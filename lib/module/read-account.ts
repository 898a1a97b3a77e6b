import type { AccountReadings } from '../telemetry/telemetry.js';
import type { Account } from './account.js';

/** Reads the state of an account for its metrics, the store once. Never rejects. */
export async function readAccount({ gateway, inbox, campaigns }: Account): Promise<AccountReadings> {
  const [stats, campaignPending] = await Promise.all([
    // A store that is away says so elsewhere.
    inbox.opened?.stats().catch(() => undefined),
    campaigns.pending(),
  ]);
  const { waiting = 0, oldestMs = 0, gaps = 0 } = stats ?? {};
  return { credits: gateway.lastCredits, inbox: stats && { waiting, oldestMs, gaps }, campaignPending };
}
