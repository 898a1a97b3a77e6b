import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OurSmsError } from '../errors/oursms.error.js';
import { OurSmsStorageError } from '../errors/oursms-storage.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import type { Campaign } from './campaign.js';
import type {
  CampaignDraft,
  CampaignEstimate,
  CampaignLeftOut,
  CampaignPlan,
  CampaignProgress,
} from './campaign.types.js';
import { Campaigns } from './campaigns.js';
import { CampaignLedger } from './store/campaign-ledger.js';
import { progressOf } from './run/progress-meter.js';
import { CampaignNames } from './store/campaign-names.js';
import type { AccountContext } from './run/campaign-context.js';
import type { CampaignRecord } from './store/campaign-record.js';
import { CampaignRecords } from './store/campaign-records.js';
import { CampaignStart } from './intake/campaign-start.js';
import { checkedPlan } from './intake/check-plan.js';
import { eraseCampaign } from './store/erase-campaign.js';
import { estimateCampaign } from './intake/estimate-campaign.js';
import { waitForLock } from '../queue/exclusive-lock.js';
import { RepeatedLook } from '../queue/repeated-look.js';
import { resolveUnknown, UNKNOWN_FATES, type UnknownFate } from './run/resolve-unknown.js';
import { RunningCampaign } from './run/running-campaign.js';

/** Between two tries to read a store that failed, or two looks at a start in another process. */
const LOOK_AGAIN_MS = 500;

interface Opened {
  engine: QueueEngine;
  records: CampaignRecords;
  starts: CampaignStart;
}

/** The campaigns of an account: unfinished ones as objects in memory, finished ones as records in the store. */
export class AccountCampaigns extends Campaigns {
  readonly #logger = new Logger('OurSmsCampaign');
  // Private to the runtime too: an application may print its injected `Campaigns`.
  readonly #context: AccountContext;
  readonly #openEngine: () => Promise<QueueEngine>;
  readonly #names: CampaignNames;
  readonly #stopping = new AbortController();
  /** Unfinished campaigns, by id. */
  readonly #campaigns = new Map<string, Promise<RunningCampaign>>();
  /** Campaigns whose recipients this process is reading. */
  readonly #starting = new Map<string, Promise<unknown>>();
  readonly #watch = new RepeatedLook({
    look: () => this.#follow(),
    everyMs: () => (this.#isRestart ? LOOK_AGAIN_MS : this.#followEveryMs),
    onFailure: (error) => this.#warn(error),
  });
  #opened: Promise<Opened> | undefined;
  /** Whether a campaign that is found in the store was left by an earlier process. */
  #isRestart = true;
  /** See {@link QueueEngine.followEveryMs}. */
  #followEveryMs = Infinity;

  constructor(context: AccountContext, openEngine: () => Promise<QueueEngine>) {
    super();
    this.#context = context;
    this.#openEngine = openEngine;
    this.#names = new CampaignNames(context.account);
  }

  /** Resumes the campaigns of earlier processes, and follows those of other processes. */
  async resumeAll(): Promise<void> {
    const { engine } = await this.#open();
    if (this.#stopping.signal.aborted) return;
    this.#followEveryMs = engine.followEveryMs;
    this.#watch.start(0);
  }

  async start(plan: CampaignPlan): Promise<Campaign> {
    const { policy } = this.#context;
    const checked = checkedPlan(plan, policy);
    const { id } = plan;
    const { starts } = await this.#open();
    // A new campaign is not looked for first: its start does that, under a lock.
    for (let isKnown = this.#campaigns.has(id); ; isKnown = true) {
      const known = isKnown ? await this.#find(id) : undefined;
      if (known?.state.facts.digest === checked.digest) return known;
      if (known) {
        throw new OurSmsValidationError('send', policy.account, [
          { field: 'id', reason: 'belongs to a campaign with another message' },
        ]);
      }
      const twin = this.#starting.get(id);
      if (twin) {
        await twin.catch(() => undefined);
        continue;
      }
      const starting = starts.begin(checked).finally(() => this.#starting.delete(id));
      this.#starting.set(id, starting);
      const started = await starting;
      if (started) return this.#attach(started, { isNew: true });
      // Another process reads its recipients.
      if (!(await this.get(id))) await wait(LOOK_AGAIN_MS / 2);
    }
  }

  /** While the store is unavailable, finds unfinished campaigns of this process only. */
  async get(id: string): Promise<RunningCampaign | undefined> {
    try {
      return await this.#find(id);
    } catch (error) {
      const attached = error instanceof OurSmsStorageError ? await this.#campaigns.get(id) : undefined;
      if (!attached || attached.state.isOver) throw error;
      return attached;
    }
  }

  async #find(id: string): Promise<RunningCampaign | undefined> {
    const { records } = await this.#open();
    const attached = await this.#campaigns.get(id);
    // Another process may have ended it, removed it, and started another one under its id.
    if (attached) await this.#reconcile(attached, await records.find(id));
    if (attached && !attached.state.isOver) return attached;
    await attached?.released;
    const record = await records.find(id);
    return record && this.#attach(record, { isRestart: this.#isRestart });
  }

  async list(): Promise<CampaignProgress[]> {
    const { engine, records } = await this.#open();
    const found = new Map<string, CampaignProgress>();
    for (const { id, state } of await records.open()) {
      const campaign = state === 'preparing' ? undefined : await this.get(id);
      if (campaign) found.set(id, campaign.snapshot());
    }
    for await (const record of records.over()) {
      const ledger = new CampaignLedger(engine, this.#names, record, this.#context.tracking?.deliveries);
      if (ledger.isTracked) await ledger.count();
      else if (record.report) ledger.useReport(record.report);
      found.set(record.id, progressOf(this.#context.account, record, ledger));
    }
    return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  estimate(draft: CampaignDraft, onLeftOut?: (input: CampaignLeftOut) => void): Promise<CampaignEstimate> {
    return estimateCampaign(draft, this.#context, onLeftOut);
  }

  async resolveUnknown(id: string, fate: UnknownFate): Promise<number> {
    if (!UNKNOWN_FATES.includes(fate)) {
      throw new OurSmsValidationError('send', this.#context.account, [
        { field: 'fate', reason: `must be ${UNKNOWN_FATES.join(' or ')}` },
      ]);
    }
    const { engine } = await this.#open();
    const { tracking } = this.#context;
    const count = await resolveUnknown(engine, this.#names, { id, fate, deliveries: tracking?.deliveries });
    // It may have been reopened to send some requests again.
    const campaign = count > 0 ? await this.get(id) : undefined;
    if (campaign && !campaign.state.isOver) await campaign.refresh();
    return count;
  }

  async remove(id: string): Promise<boolean> {
    const { engine, records } = await this.#open();
    // Under the lock, no process reopens or removes it: a new campaign of its id would be removed with it.
    return waitForLock(engine, this.#names.lock(id, 'end'), async (lock) => {
      const record = await records.find(id);
      if (!record?.report) return false;
      await records.noteRemoval(record, record.report);
      const attached = await this.#campaigns.get(id);
      if (attached) await this.#reconcile(attached, record);
      await attached?.released;
      await eraseCampaign(engine, this.#names, record, lock);
      (await this.#context.tracking?.store())?.noteRemoval(record);
      return true;
    });
  }

  /** Counts the recipients without an outcome in the unfinished campaigns of this process. Does not read the store. */
  async pending(): Promise<number> {
    const notYet = Promise.resolve(undefined);
    let pending = 0;
    for (const attaching of this.#campaigns.values()) {
      // A campaign that is still being opened is left out: it may wait for a store that is unavailable.
      const campaign = await Promise.race([attaching, notYet]).catch(() => undefined);
      if (campaign && !campaign.state.isOver) pending += campaign.snapshot().pending;
    }
    return pending;
  }

  /** Stops sending, and waits for the requests in flight. The rest is sent after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watch.stop();
    await Promise.allSettled([...this.#campaigns.values()].map(async (campaign) => (await campaign).close()));
    await this.#watch.ended();
  }

  /** Makes the object of a campaign in the store, one while it is unfinished. */
  #attach(record: CampaignRecord, how: { isNew?: boolean; isRestart?: boolean } = {}): Promise<RunningCampaign> {
    const before = this.#campaigns.get(record.id);
    if (before) return before;
    const attached = this.#openCampaign(record, how);
    // Finished campaigns are not held in memory: each call reads them again.
    if (record.report) return attached;
    const { id } = record;
    this.#campaigns.set(id, attached);
    const forget = (): unknown => this.#campaigns.get(id) === attached && this.#campaigns.delete(id);
    attached.then((campaign) => campaign.done.then(() => campaign.released).then(forget), forget);
    return attached;
  }

  async #openCampaign(record: CampaignRecord, how: { isNew?: boolean; isRestart?: boolean }): Promise<RunningCampaign> {
    const { engine } = await this.#open();
    const campaign = new RunningCampaign(
      { ...this.#context, engine, names: this.#names, stopping: this.#stopping.signal },
      record,
    );
    try {
      await campaign.open(how);
      return campaign;
    } catch (error) {
      await campaign.close();
      throw error;
    }
  }

  /** Opens the campaigns of other and earlier processes, and adopts their changes. */
  async #follow(): Promise<void> {
    const { records, starts } = await this.#open();
    const seenAt = performance.now();
    const runs = new Set<string>();
    for (const record of await records.open()) {
      if (record.state === 'preparing') {
        if (!this.#starting.has(record.id)) await starts.clean(record);
        continue;
      }
      runs.add(record.run);
      const attached = await this.#campaigns.get(record.id);
      if (attached?.state.facts.run === record.run) await attached.follow(record, seenAt);
      else await this.get(record.id);
    }
    this.#isRestart = false;
    for (const attached of [...this.#campaigns.values()]) {
      const campaign = await attached;
      if (campaign.state.isOver || campaign.openedAt >= seenAt || runs.has(campaign.state.facts.run)) continue;
      await this.#reconcile(campaign, await records.find(campaign.id));
    }
  }

  /** Ends a campaign that another process has ended. @param stored The record under its id, read after the campaign was opened. */
  async #reconcile(campaign: RunningCampaign, stored: CampaignRecord | undefined): Promise<void> {
    const { facts: record, isOver } = campaign.state;
    if (isOver) return;
    if (stored?.run === record.run) return stored.report && campaign.end(stored.report);
    const { records } = await this.#open();
    const report = await records.removed(record);
    if (!report) return campaign.endMissing();
    // Notes that this process has written since, such as a pause.
    await records.forget(record);
    campaign.end(report);
  }

  #warn(error: unknown): void {
    const why = error instanceof OurSmsError ? error.message : 'their store cannot be read';
    this.#logger.warn(
      `Campaigns of account ${this.#context.account} are suspended until their store can be read: ${why}`,
    );
  }

  #open(): Promise<Opened> {
    this.#opened ??= this.#openStore();
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }

  async #openStore(): Promise<Opened> {
    const engine = await this.#openEngine();
    const records = new CampaignRecords(engine, this.#names);
    return { engine, records, starts: new CampaignStart(engine, this.#names, this.#context) };
  }
}
