import { countParts } from '../../message/split-text.js';
import type { CampaignFacts, CampaignKey, ChunkResult } from './campaign-record.js';

const MINUTE_MS = 60_000;

/** A campaign whose delivery reports are matched: a tracked campaign. */
export interface TrackedCampaign extends CampaignKey {
  src: string;
  /** When it was started: milliseconds since 1970. */
  at: number;
  /** Minutes for which the gateway holds its messages. */
  delay: number;
  /** Parts of the text, if all recipients get the same. */
  parts: number;
  /** Whether its missing reports were announced. The name is that of the stored field. */
  isTold?: boolean;
}

/** A request of a tracked campaign. */
export interface TrackedChunk {
  campaign: TrackedCampaign;
  number: string;
  dests: readonly string[];
  parts: number;
  /** Once it is settled. */
  result?: ChunkResult;
}

/** The deliveries of a campaign; undefined unless it is tracked: the message asks for reports, and the option `tracking` is set. */
export const deliveriesOf = <D>({ message }: CampaignFacts, deliveries: D | undefined): D | undefined =>
  message.dlr ? deliveries : undefined;

/** Whether the reports of a request should have come by now. */
export function isOverdue(
  { at }: Pick<ChunkResult, 'at'>,
  { message }: CampaignFacts,
  { missingAfterMs }: { missingAfterMs: number } = { missingAfterMs: Infinity },
): boolean {
  const heldMs = (message.delay ?? 0) * MINUTE_MS;
  return at !== undefined && at + heldMs + missingAfterMs < Date.now();
}

/** The note on a tracked campaign. */
export function trackedCampaign({ id, run, message, startedAt }: CampaignFacts): TrackedCampaign {
  const { src, delay = 0, body } = message;
  return { id, run, src, at: Date.parse(startedAt), delay, parts: countParts(body) };
}
