import type { MessagePolicy } from '../../sending/prepare-message.js';
import type { CampaignDraft, CampaignEstimate, CampaignLeftOut } from '../campaign.types.js';
import { checkedDraft } from './check-plan.js';
import { RecipientReader } from './recipient-reader.js';

/**
 * Reads recipients as a campaign would, without storing or sending anything.
 *
 * @throws {OurSmsValidationError} naming every fault of the draft
 */
export async function estimateCampaign(
  draft: CampaignDraft,
  { policy, getCredits }: { policy: MessagePolicy; getCredits: () => Promise<number> },
  onLeftOut?: (input: CampaignLeftOut) => void,
): Promise<CampaignEstimate> {
  const { body, maxParts } = checkedDraft(draft, policy);
  let requests = 0;
  const reader = new RecipientReader(
    { body, maxParts, country: policy.country },
    {
      chunk: () => void (requests += 1),
      left: (fate, input) => onLeftOut?.({ fate, ...input }),
      room: () => undefined,
    },
  );
  const counts = await reader.read(draft.recipients);
  const credits = await getCredits();
  return { ...counts, requests, credits, sufficient: credits >= counts.parts };
}
