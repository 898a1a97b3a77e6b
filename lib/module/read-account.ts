import type { AccountReadings } from '../telemetry/telemetry.js';
import type { Account } from './account.js';

/** Reads the state of an account for its metrics, with one read of the store. Never rejects. */
export async function readAccount({ gateway, inbox, campaigns }: Account): Promise<AccountReadings> {
  const [stats, campaignPending] = await Promise.all([
    // An unavailable store is logged elsewhere.
    inbox.opened?.stats().catch(() => undefined),
    campaigns.pending(),
  ]);
  const { waiting = 0, oldestMs = 0, gaps = 0 } = stats ?? {};
  return { credits: gateway.lastCredits, inbox: stats && { waiting, oldestMs, gaps }, campaignPending };
}
