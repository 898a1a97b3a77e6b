import type { NewJob, NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import { CampaignLedger } from '../store/campaign-ledger.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { CampaignRecord, ChunkJob, ChunkResult } from '../store/campaign-record.js';
import { ChunkStore } from '../store/chunk-store.js';
import { CampaignRecords } from '../store/campaign-records.js';
import type { CampaignDeliveries } from '../store/delivery-store.js';
import { deliveriesOf } from '../store/tracked-campaign.js';
import { waitForLock, type HeldLock } from '../../queue/exclusive-lock.js';

/** Fates that a person can set for recipients of unknown outcome. */
export const UNKNOWN_FATES = ['sent', 'sendAgain'] as const;
export type UnknownFate = (typeof UNKNOWN_FATES)[number];

/** Requests that are settled by one write. */
const AT_ONCE = 100;

/**
 * Settles the requests of a campaign whose outcome is unknown, by the decision of a person. The lock keeps other processes from
 * doing the same, or from ending the campaign, at the same time.
 *
 * @param fate `sent`: they count as sent. `sendAgain`: they are queued again, and a campaign that was over is reopened.
 * @returns The number of recipients.
 */
export async function resolveUnknown(
  engine: QueueEngine,
  names: CampaignNames,
  { id, fate, deliveries }: { id: string; fate: UnknownFate; deliveries?: CampaignDeliveries },
): Promise<number> {
  const records = new CampaignRecords(engine, names);
  return waitForLock(engine, names.lock(id, 'end'), async (lock) => {
    const record = await records.find(id);
    if (record === undefined) return 0;
    // Waits for results that are being written.
    const store = new ChunkStore(engine, names, record);
    await store.queue.pending();
    const settle = new UnknownRequests(store, lock);
    for await (const { number, result } of store.results()) {
      if (result.fate !== 'unknown') continue;
      // Before the first request is queued: after a crash the campaign must not be over with a request in its queue.
      if (fate === 'sendAgain' && settle.count === 0 && record.report) await records.reopen(record);
      await settle.add(number, result, { fate, reported: await reported(record, number, result, deliveries) });
    }
    await settle.write();
    if (settle.count > 0 && fate === 'sent' && record.report) {
      const ledger = new CampaignLedger(engine, names, record, deliveries);
      await ledger.count();
      await lock.check();
      await records.end(record, { ...record.report, ...ledger.counts });
      // The campaign stays over: its queue is not needed.
      await store.queue.release();
    }
    return settle.count;
  });
}

/** Counts the recipients of a request that have a delivery report. */
async function reported(
  record: CampaignRecord,
  number: string,
  { recipients }: ChunkResult,
  deliveries: CampaignDeliveries | undefined,
): Promise<number> {
  const store = await deliveriesOf(record, deliveries)?.store();
  const statuses = (await store?.statuses(record, number, recipients)) ?? [];
  return statuses.filter((status) => status !== undefined).length;
}

class UnknownRequests {
  /** Recipients. */
  count = 0;
  #jobs: NewJob<ChunkJob>[] = [];
  #notes: NoteChange[] = [];

  constructor(
    private readonly store: ChunkStore,
    private readonly lock: HeldLock,
  ) {}

  /** @param how.reported Recipients with a delivery report: they got the message, and are not sent to again. */
  async add(
    number: string,
    result: ChunkResult,
    { fate, reported }: { fate: UnknownFate; reported: number },
  ): Promise<void> {
    const { recipients } = result;
    this.count += recipients - reported;
    const settled: ChunkResult = { ...result, fate: 'sent', reason: undefined };
    this.#notes.push(this.store.resultNote(number, fate === 'sent' ? settled : undefined));
    if (fate === 'sendAgain') this.#jobs.push({ id: number, data: reported > 0 ? { again: true } : {} });
    if (this.#notes.length >= AT_ONCE) await this.write();
  }

  async write(): Promise<void> {
    if (this.#notes.length === 0) return;
    const [jobs, notes] = [this.#jobs, this.#notes];
    this.#jobs = [];
    this.#notes = [];
    await this.lock.check();
    await this.store.queue.add(jobs, notes);
  }
}
