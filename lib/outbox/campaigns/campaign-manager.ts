import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import type { QueueEngine } from '../../queue/durable-queue.js';
import { prepareMessage, type MessagePolicy } from '../prepare-message.js';
import type { CampaignMessage, CampaignPlan, CampaignProgress } from './campaign.types.js';
import { CampaignIntake } from './campaign-intake.js';
import { CampaignNames, type CampaignChunk, type CampaignRecord } from './campaign-record.js';
import { checkPlan } from './check-plan.js';
import { RunningCampaign, type CampaignParts } from './running-campaign.js';

const DEFAULT_CONCURRENCY = 4;
/** Notes that are forgotten by one write. */
const FORGOTTEN_AT_ONCE = 200;
/** Any number that can be sent to: the message is checked before its recipients are there. */
const ANY_NUMBER = '966500000000';

/** What an account's campaigns are made with. */
export interface CampaignSetup extends Omit<CampaignParts, 'engine' | 'names'> {
  openEngine: () => Promise<QueueEngine>;
  policy: MessagePolicy;
}

/** All campaigns of an account: those that run, and what is kept of the others. */
export class CampaignManager {
  readonly #logger = new Logger('OurSmsCampaign');
  readonly #names: CampaignNames;
  /** Those that were taken up, by their ids. */
  readonly #campaigns = new Map<string, Promise<RunningCampaign>>();
  /** Campaigns whose recipients are being read. */
  readonly #starting = new Map<string, Promise<RunningCampaign>>();
  #engine: Promise<QueueEngine> | undefined;

  constructor(private readonly setup: CampaignSetup) {
    this.#names = new CampaignNames(setup.account);
  }

  /** Goes on with what an earlier process left. */
  async resumeAll(): Promise<void> {
    const engine = await this.#open();
    for await (const { text } of engine.notes(this.#names.records)) {
      const { id, state } = JSON.parse(text) as CampaignRecord;
      // Read anew: it may have been removed meanwhile.
      if (state !== 'preparing') await this.get(id);
    }
  }

  async start(plan: CampaignPlan): Promise<RunningCampaign> {
    const { account } = this.setup;
    const message = this.#check(plan);
    const digest = createHash('sha256').update(JSON.stringify(message)).digest('base64url');
    const engine = await this.#open();
    const known = (await this.#starting.get(plan.id)) ?? (await this.get(plan.id));
    if (known) {
      if (known.record.digest === digest) return known;
      throw new OurSmsValidationError('send', account, [
        { field: 'id', reason: 'belongs to a campaign with another message' },
      ]);
    }
    const twin = this.#starting.get(plan.id);
    if (twin) return this.start(plan);
    const starting = this.#prepare(engine, plan, message, digest).finally(() => this.#starting.delete(plan.id));
    this.#starting.set(plan.id, starting);
    return starting;
  }

  async get(id: string): Promise<RunningCampaign | undefined> {
    const taken = this.#campaigns.get(id);
    if (taken) return taken;
    const engine = await this.#open();
    const record = await this.#find(engine, id);
    return record === undefined || record.state === 'preparing' ? undefined : this.#take(engine, record);
  }

  async list(): Promise<CampaignProgress[]> {
    const engine = await this.#open();
    const found: CampaignProgress[] = [];
    for await (const { text } of engine.notes(this.#names.records)) {
      const { id, state } = JSON.parse(text) as CampaignRecord;
      const campaign = state === 'preparing' ? undefined : await this.get(id);
      if (campaign) found.push(campaign.snapshot());
    }
    return found;
  }

  async resolveUnknown(id: string, fate: 'sent' | 'sendAgain'): Promise<number> {
    const campaign = await this.get(id);
    if (campaign === undefined) return 0;
    const wasOver = campaign.record.report !== undefined;
    const count = await campaign.resolveUnknown(fate);
    if (!wasOver || campaign.record.report) return count;
    // It begins anew, with what is sent again.
    this.#campaigns.delete(id);
    await this.#take(await this.#open(), { ...campaign.record });
    return count;
  }

  async remove(id: string): Promise<boolean> {
    const campaign = await this.get(id);
    if (!campaign?.record.report) return false;
    this.#campaigns.delete(id);
    await this.#erase(await this.#open(), id);
    return true;
  }

  /** Ends: requests that are on their way come to their end, the rest goes on after the next start. */
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#campaigns.values()].map(async (campaign) => (await campaign).close()));
  }

  async #prepare(
    engine: QueueEngine,
    plan: CampaignPlan,
    message: CampaignRecord['message'],
    digest: string,
  ): Promise<RunningCampaign> {
    const { id, recipients, rate, concurrency = DEFAULT_CONCURRENCY } = plan;
    const { policy } = this.setup;
    const names = this.#names;
    const counts = { total: 0, recipients: 0, invalid: 0, duplicate: 0, parts: 0 };
    const startedAt = new Date().toISOString();
    const record: CampaignRecord = { id, digest, message, state: 'preparing', rate, concurrency, startedAt, ...counts };
    // A start before this one ended with its process, or failed with the store: what it left would be sent besides.
    if (await this.#find(engine, id)) await this.#erase(engine, id);
    // Writes keep their order: it is durable before the first requests are.
    const noted = engine.note(names.record(id), JSON.stringify(record));
    noted.catch(() => undefined);
    const intake = new CampaignIntake({
      queue: engine.queue<CampaignChunk>(names.queue(id)),
      body: message.body,
      maxParts: message.maxParts,
      country: policy.country,
      lists: { invalid: names.list(id, 'invalid'), duplicate: names.list(id, 'duplicate') },
    });
    try {
      Object.assign(record, await intake.take(recipients));
      await noted;
      if (record.total === 0) {
        throw new OurSmsValidationError('send', policy.account, [{ field: 'recipients', reason: 'there are none' }]);
      }
      record.state = 'running';
      await intake.finish({ name: names.record(id), text: JSON.stringify(record) });
    } catch (error) {
      // While the store is away that fails too, and is done by the next start.
      await this.#erase(engine, id).catch(() => undefined);
      throw error;
    }
    return this.#take(engine, record, true);
  }

  async #find(engine: QueueEngine, id: string): Promise<CampaignRecord | undefined> {
    const wanted = this.#names.record(id);
    for await (const { name, text } of engine.notes(wanted)) {
      return name === wanted ? (JSON.parse(text) as CampaignRecord) : undefined;
    }
    return undefined;
  }

  /** Takes up a campaign that is kept, once. */
  #take(engine: QueueEngine, record: CampaignRecord, isNew = false): Promise<RunningCampaign> {
    const before = this.#campaigns.get(record.id);
    if (before) return before;
    const taken = (async () => {
      const campaign = new RunningCampaign({ ...this.setup, engine, names: this.#names }, record);
      if (isNew) await campaign.compareCredits();
      await campaign.open({ isNew });
      return campaign;
    })();
    this.#campaigns.set(record.id, taken);
    taken.catch(() => this.#campaigns.delete(record.id));
    return taken;
  }

  /** Forgets all that is kept of a campaign: the record last, so that what is cut short is begun again. */
  async #erase(engine: QueueEngine, id: string): Promise<void> {
    const queue = engine.queue<CampaignChunk>(this.#names.queue(id));
    if ((await queue.pending()) > 0) {
      const consumer = queue.consume(() => Promise.resolve({ kind: 'done' }), { concurrency: 100 });
      try {
        // Active ones too: what is handed out when a consumer stops goes back to those that wait.
        while ((await queue.pending()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      } finally {
        await consumer.stop();
      }
    }
    for (const list of ['result', 'invalid', 'duplicate'] as const) {
      let names: string[] = [];
      const forgetThem = (): Promise<unknown> => Promise.all(names.map((name) => engine.forget(name)));
      for await (const { name } of engine.notes(this.#names.list(id, list))) {
        if (names.push(name) < FORGOTTEN_AT_ONCE) continue;
        await forgetThem();
        names = [];
      }
      await forgetThem();
    }
    await engine.forget(this.#names.record(id));
  }

  #check(plan: CampaignPlan): CampaignRecord['message'] {
    const { account } = this.setup.policy;
    const faults = checkPlan(plan);
    if (faults.length > 0) throw new OurSmsValidationError('send', account, faults);
    const message: CampaignMessage = plan.message;
    const prepared = prepareMessage({ ...message, dests: [ANY_NUMBER] }, this.setup.policy);
    const fields = Object.entries(prepared).filter(([name]) => name !== 'dests' && name !== 'skipped');
    return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as CampaignRecord['message'];
  }

  #open(): Promise<QueueEngine> {
    this.#engine ??= this.#openClean();
    this.#engine.catch(() => (this.#engine = undefined));
    return this.#engine;
  }

  /**
   * Opens the store, and forgets the requests of campaigns whose recipients an earlier process was still reading. Nobody uses
   * it before: a campaign that is started again would be sent together with them.
   */
  async #openClean(): Promise<QueueEngine> {
    const engine = await this.setup.openEngine();
    for await (const { text } of engine.notes(this.#names.records)) {
      const { id, state } = JSON.parse(text) as CampaignRecord;
      if (state !== 'preparing') continue;
      this.#logger.warn(
        `Campaign ${id} (account ${this.setup.account}): its process ended while its recipients were read; nothing was sent. Start it again`,
      );
      await this.#erase(engine, id);
    }
    return engine;
  }
}
