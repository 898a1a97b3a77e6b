import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import { oneLine } from '../../errors/one-line.js';
import type { QueueEngine } from '../../queue/durable-queue.js';
import type { AccountContext } from '../run/campaign-context.js';
import { CampaignCredits } from '../run/campaign-credits.js';
import type { CampaignNames } from '../store/campaign-names.js';
import type { CampaignFacts, CampaignKey, CampaignRecord } from '../store/campaign-record.js';
import { CampaignRecords } from '../store/campaign-records.js';
import type { CheckedPlan } from './check-plan.js';
import { trackedCampaign } from '../store/tracked-campaign.js';
import { ChunkStore } from '../store/chunk-store.js';
import { ChunkWriter } from './chunk-writer.js';
import { eraseReading } from '../store/erase-campaign.js';
import { withLock, type HeldLock } from '../../queue/exclusive-lock.js';
import { RecipientReader } from './recipient-reader.js';

const DEFAULT_CONCURRENCY = 4;

/** Reads the recipients of campaigns and makes them durable; erases interrupted starts. */
export class CampaignStart {
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #records: CampaignRecords;

  constructor(
    private readonly engine: QueueEngine,
    private readonly names: CampaignNames,
    private readonly context: AccountContext,
  ) {
    this.#records = new CampaignRecords(engine, names);
  }

  /**
   * Resolves when all recipients are durable: the campaign runs then.
   *
   * @returns The campaign; undefined when one of this id exists, or another process reads its recipients.
   */
  async begin(checked: CheckedPlan): Promise<CampaignRecord | undefined> {
    const { id } = checked.plan;
    const outcome = await withLock(this.engine, this.names.lock(id, 'intake'), async (lock) => {
      const { campaign, preparing } = await this.#records.findAll(id);
      if (campaign) return undefined;
      // An earlier start stopped with its process, or failed with the store: its requests would be sent too.
      for (const left of preparing) await eraseReading(this.engine, this.names, left);
      return this.#read(checked, lock);
    });
    return outcome?.done;
  }

  /** Deletes an interrupted start, unless a process still reads its recipients. */
  async clean({ id, run }: CampaignKey): Promise<void> {
    await withLock(this.engine, this.names.lock(id, 'intake'), async () => {
      const { preparing } = await this.#records.findAll(id);
      if (!preparing.some((left) => left.run === run)) return;
      this.#logger.warn(
        `Campaign ${oneLine(id)} (account ${this.context.account}): its process ended while reading the recipients, so nothing was sent, unless the store has lost data since. Start it again`,
      );
      await eraseReading(this.engine, this.names, { id, run });
    });
  }

  async #read({ plan, message, digest }: CheckedPlan, lock: HeldLock): Promise<CampaignRecord> {
    const { id, recipients, rate, concurrency = DEFAULT_CONCURRENCY } = plan;
    const { policy, tracking } = this.context;
    const { engine, names } = this;
    const startedAt = new Date().toISOString();
    const facts: CampaignFacts = { id, run: randomUUID(), digest, message, rate, concurrency, startedAt };
    // Written first: by it a later process finds an interrupted start, and erases it.
    const factsWritten = this.#records.begin(facts);
    const tracked = tracking && message.dlr === true ? trackedCampaign(facts) : undefined;
    const store = new ChunkStore(engine, names, facts);
    const writer = new ChunkWriter(store, lock, factsWritten, tracked !== undefined);
    const { body, maxParts } = message;
    try {
      const counts = await new RecipientReader({ body, maxParts, country: policy.country }, writer).read(recipients);
      if (counts.total === 0) {
        throw new OurSmsValidationError('send', policy.account, [{ field: 'recipients', reason: 'there are none' }]);
      }
      await new CampaignCredits(this.context).compare(id, counts.parts);
      const notes = [this.#records.ready(facts, counts)];
      if (tracked) notes.push({ name: names.tracked(facts), text: JSON.stringify(tracked) });
      await writer.finish(...notes);
      if (tracked) (await tracking?.store())?.noteCampaign(tracked);
      return { ...facts, ...counts, state: 'running' };
    } catch (error) {
      await writer.settled();
      // Fails too while the store is unavailable: the next start erases the rest.
      await eraseReading(engine, names, facts).catch(() => undefined);
      throw error;
    }
  }
}
