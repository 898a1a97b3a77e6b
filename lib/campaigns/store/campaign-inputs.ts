import type { DlrStatus } from '../../dto/dlr.js';
import { isFinalStatus } from '../../dto/monotonic.js';
import type { CampaignFate, CampaignInput, DeliveryFate } from '../campaign.types.js';
import type { CampaignChunk, CampaignRecord, ChunkResult } from './campaign-record.js';
import type { ChunkStore } from './chunk-store.js';
import type { CampaignDeliveries } from './delivery-store.js';
import { deliveriesOf, isOverdue } from './tracked-campaign.js';

/** The recipients of a campaign that have a fate, read from the store one by one. */
export async function* campaignInputs(
  requests: ChunkStore,
  record: CampaignRecord,
  fate: CampaignFate,
  deliveries: CampaignDeliveries | undefined,
): AsyncIterable<CampaignInput> {
  if (fate === 'invalid' || fate === 'duplicate') {
    yield* requests.leftOut(fate);
    return;
  }
  const tracked = deliveriesOf(record, deliveries);
  const reports = await tracked?.store();
  if (reports === undefined && isDeliveryFate(fate)) return;
  for await (const { number, result } of requests.results()) {
    if (!holds(result, fate, reports !== undefined)) continue;
    const chunk = await requests.chunk(number);
    // The campaign has been removed meanwhile.
    if (chunk === undefined) return;
    const statuses = await reports?.statuses(record, number, chunk.dests.length);
    if (!isDeliveryFate(fate)) yield* inputsOf(chunk, result, fate, statuses);
    else yield* deliveryInputs(chunk, result, fate, { statuses, isLate: isOverdue(result, record, tracked) });
  }
}

function holds({ recipients, fate, rejected = 0 }: ChunkResult, wanted: CampaignFate, isTracked: boolean): boolean {
  if (wanted === 'rejected') return rejected > 0;
  if (isDeliveryFate(wanted)) return fate !== 'sent' || rejected < recipients;
  // A recipient with a report was sent to, whatever the outcome of the request.
  if (isTracked && wanted === 'sent' && fate !== 'sent') return true;
  return fate === wanted && rejected < recipients;
}

const DELIVERY_FATES: readonly CampaignFate[] = ['delivered', 'undelivered', 'noReportYet', 'missing'];
const isDeliveryFate = (fate: CampaignFate): fate is DeliveryFate => DELIVERY_FATES.includes(fate);

function* deliveryInputs(
  { dests }: CampaignChunk,
  { fate, recipients, rejected, rejectedDests = [] }: ChunkResult,
  wanted: DeliveryFate,
  { statuses = [], isLate }: { statuses?: readonly (DlrStatus | undefined)[]; isLate: boolean },
): Iterable<CampaignInput> {
  const refused = new Set(rejected === recipients ? dests : rejectedDests);
  for (const [i, dest] of dests.entries()) {
    const status = statuses[i];
    if (status === undefined && (fate !== 'sent' || refused.has(dest))) continue;
    if (deliveryFateOf(status, isLate) === wanted) yield { dest, reason: status };
  }
}

function deliveryFateOf(status: DlrStatus | undefined, isLate: boolean): DeliveryFate {
  if (status === 'delivered') return status;
  if (status !== undefined && isFinalStatus(status)) return 'undelivered';
  return isLate ? 'missing' : 'noReportYet';
}

function* inputsOf(
  { dests }: CampaignChunk,
  { fate, rejected = 0, rejectedDests = [], reason }: ChunkResult,
  wanted: CampaignFate,
  statuses: readonly unknown[] = [],
): Iterable<CampaignInput> {
  if (fate !== 'sent') {
    for (const [i, dest] of dests.entries()) {
      const isProven = statuses[i] !== undefined;
      if (isProven && wanted === 'sent') yield { dest, reason: 'its delivery report has come' };
      if (!isProven && wanted === fate) yield { dest, reason };
    }
    return;
  }
  const refused = new Set(rejected === dests.length ? dests : rejectedDests);
  // The gateway counts the rejected ones, but need not name them.
  const unnamed = rejected - refused.size;
  const doubt =
    unnamed > 0
      ? `one of ${dests.length - refused.size} of which the gateway rejected ${unnamed} without naming them`
      : undefined;
  for (const dest of dests) {
    if (refused.has(dest) === (wanted === 'rejected')) yield wanted === 'sent' ? { dest, reason: doubt } : { dest };
  }
}
