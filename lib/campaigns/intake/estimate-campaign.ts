import type { MessagePolicy } from '../../sending/prepare-message.js';
import type { CampaignDraft, CampaignEstimate, CampaignLeftOut } from '../campaign.types.js';
import { readDraft } from './campaign-start.js';

/** Estimates a campaign: nothing is kept or sent. @throws {OurSmsValidationError} for a faulty draft */
export async function estimateCampaign(
  draft: CampaignDraft,
  { policy, getCredits }: { policy: MessagePolicy; getCredits: () => Promise<number> },
  onLeftOut?: (input: CampaignLeftOut) => void,
): Promise<CampaignEstimate> {
  let requests = 0;
  const counts = await readDraft(draft, policy, {
    chunk: () => void (requests += 1),
    left: (fate, input) => onLeftOut?.({ fate, ...input }),
    room: () => undefined,
  });
  const credits = await getCredits();
  return { ...counts, requests, credits, sufficient: credits >= counts.parts };
}
