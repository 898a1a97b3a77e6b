import { OURSMS_MESSAGE_CONFIRMED, OURSMS_MESSAGE_MISSING, type MessageNotice } from '../tracking/message.types.js';
import type { Dlr } from '../dto/dlr.js';
import { isFinalStatus } from '../dto/monotonic.js';
import { maskNumber } from '../message/mask-number.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import type { Candidate, CandidateSource, FoundById, TrackedFields } from '../tracking/candidate.js';
import { reportedNumber } from '../tracking/number-hash.js';
import type { CountMissing } from '../tracking/campaign-messages.js';
import { InFlight } from '../tracking/in-flight.js';
import type { PageNotes } from '../tracking/page-notes.js';
import { CampaignNames } from './store/campaign-names.js';
import type { CampaignKey, CampaignRecord } from './store/campaign-record.js';
import { ChunkStore } from './store/chunk-store.js';
import { DeliveryStore, type CampaignDeliveries } from './store/delivery-store.js';
import type { TrackedCampaign, TrackedChunk } from './store/tracked-campaign.js';
import type { DeliveryStates } from './store/delivery-states.js';

/** Messages of one announcement. */
const AT_ONCE = 500;
const MINUTE_MS = 60_000;

/** Matches delivery reports with the messages of campaigns, and stores their statuses. */
export class CampaignTracking implements CandidateSource {
  readonly #names: CampaignNames;
  readonly #listeners = new Map<string, () => void>();
  /** Requests in flight. */
  readonly #flights = new InFlight();
  #confirmed: MessageNotice[] = [];
  #opened: Promise<DeliveryStore> | undefined;

  constructor(
    private readonly account: string,
    private readonly openEngine: () => Promise<QueueEngine>,
    private readonly times: { missingAfterMs: number; keepForMs: number },
    private readonly announce: (event: string, payload: { account: string; messages: MessageNotice[] }) => void,
  ) {
    this.#names = new CampaignNames(account);
  }

  /** @throws {OurSmsStorageError} when the store cannot be opened */
  store(): Promise<DeliveryStore> {
    this.#opened ??= this.openEngine().then((engine) => new DeliveryStore(engine, this.#names));
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }

  /** Its source of delivery reports. */
  get deliveries(): CampaignDeliveries {
    return { store: () => this.store(), missingAfterMs: this.times.missingAfterMs };
  }

  /** Subscribes to the reports of a campaign. @returns Unsubscribes. */
  follow({ run }: CampaignKey, onReport: () => void): () => void {
    this.#listeners.set(run, onReport);
    return () => this.#listeners.delete(run);
  }

  /** Notes that a request is in flight. @returns To be called when its result is durable, or when it was not sent. */
  begin({ run }: CampaignKey, number: string): () => void {
    const key = `${run}/${number}`;
    this.#flights.begin(key);
    return () => this.#flights.end(key);
  }

  async isEmpty(): Promise<boolean> {
    const store = await this.store();
    return [...(await store.campaigns())].length === 0;
  }

  async byIds(dlrs: readonly Dlr[]): Promise<(FoundById | undefined)[]> {
    const store = await this.store();
    const jobIds = [...new Set(dlrs.map(({ jobId }) => jobId).filter((jobId) => jobId !== undefined))];
    const chunks = await store.byJobs(jobIds);
    const states = await this.#statesOf(chunks.values());
    return dlrs.map(({ jobId, dest }) => {
      const chunk = chunks.get(jobId ?? '');
      if (chunk === undefined) return undefined;
      const index = chunk.dests.indexOf(reportedNumber(dest) ?? '');
      return index < 0 ? 'gone' : { candidate: this.#candidate(chunk, index, states), by: 'job' };
    });
  }

  async byDest(dlrs: readonly Dlr[]): Promise<Candidate[][]> {
    const store = await this.store();
    const numbers = dlrs.map(({ dest }) => reportedNumber(dest));
    const asked = new Set(numbers.filter((number) => number !== undefined));
    // Taken before the requests are read: a request whose result is not stored yet is among them.
    const flights = this.#flights.now();
    const found = await store.byNumbers(asked, Date.now() - this.times.keepForMs);
    const states = await this.#statesOf([...found.values()].flat());
    return numbers.map((number = '') =>
      (found.get(number) ?? []).map((chunk) => {
        const { campaign, number: request, result } = chunk;
        const flight = result === undefined ? flights.get(`${campaign.run}/${request}`) : undefined;
        return { ...this.#candidate(chunk, chunk.dests.indexOf(number), states), inFlight: flight };
      }),
    );
  }

  /** Announces the recipients without a final report of campaigns that ended longer ago than `missingAfterMs`. */
  async announceMissing(checkLock: () => Promise<void>, count: CountMissing): Promise<void> {
    const store = await this.store();
    const engine = await this.openEngine();
    for (const campaign of [...(await store.campaigns())]) {
      if (campaign.isTold) continue;
      const text = await engine.read(this.#names.over(campaign.id));
      const record = text === undefined ? undefined : (JSON.parse(text) as CampaignRecord);
      if (record?.run !== campaign.run || !record.report) continue;
      const due = Date.parse(record.report.finishedAt) + campaign.delay * MINUTE_MS + this.times.missingAfterMs;
      if (due > Date.now()) continue;
      await this.#announceMissingOf(campaign, engine, { checkLock, count });
    }
  }

  async #announceMissingOf(
    campaign: TrackedCampaign,
    engine: QueueEngine,
    { checkLock, count }: { checkLock: () => Promise<void>; count: CountMissing },
  ): Promise<void> {
    const store = await this.store();
    const chunks = new ChunkStore(engine, this.#names, campaign);
    let messages: MessageNotice[] = [];
    let found = 0;
    for await (const { number, result } of chunks.results()) {
      if (result.fate !== 'sent' || result.rejected === result.recipients) continue;
      const chunk = await chunks.chunk(number);
      if (chunk === undefined) return;
      const statuses = await store.statuses(campaign, number, chunk.dests.length);
      const rejected = new Set(result.rejectedDests);
      for (const [i, dest] of chunk.dests.entries()) {
        const status = statuses[i];
        if (rejected.has(dest) || (status !== undefined && isFinalStatus(status))) continue;
        messages.push(campaignNotice(campaign, dest, result.at));
        found += 1;
      }
      if (messages.length < AT_ONCE) continue;
      await checkLock();
      this.#announce(OURSMS_MESSAGE_MISSING, messages);
      messages = [];
    }
    await checkLock();
    if (messages.length > 0) this.#announce(OURSMS_MESSAGE_MISSING, messages);
    const told: TrackedCampaign = { ...campaign, isTold: true };
    const counted = found > 0 ? [await count(found)] : [];
    await engine.change([{ name: this.#names.tracked(campaign), text: JSON.stringify(told) }, ...counted]);
    store.noteCampaign(told);
  }

  /** Releases its writer's slot in the store. */
  async stop(): Promise<void> {
    const store = await this.#opened?.catch(() => undefined);
    await store?.release();
  }

  async #statesOf(chunks: Iterable<TrackedChunk>): Promise<ReadStates> {
    const store = await this.store();
    const states: ReadStates = new Map();
    for (const chunk of chunks) {
      const key = `${chunk.campaign.run}/${chunk.number}`;
      if (!states.has(key)) states.set(key, { states: await store.states(chunk), note: await store.noteOf(chunk) });
    }
    return states;
  }

  #candidate(chunk: TrackedChunk, index: number, read: ReadStates): Candidate {
    const { campaign, result } = chunk;
    const dest = chunk.dests[index] ?? '';
    return {
      at: result?.at ?? campaign.at,
      src: campaign.src,
      jobId: result?.jobId,
      parts: chunk.parts,
      isRuledOut:
        result?.fate === 'notSent' ||
        (result !== undefined && result.rejected === result.recipients) ||
        result?.rejectedDests?.includes(dest) === true,
      // The dates of reports are not stored.
      msgDates: () => Promise.resolve([]),
      take: (dlr, notes) => this.#take(chunk, { index, dest }, { dlr, notes, read }),
    };
  }

  #take(
    { campaign, number, result }: TrackedChunk,
    { index, dest }: { index: number; dest: string },
    { dlr, notes, read }: { dlr: Dlr; notes: PageNotes; read: ReadStates },
  ): TrackedFields {
    const sentAt = new Date(result?.at ?? campaign.at).toISOString();
    const entry = read.get(`${campaign.run}/${number}`);
    if (entry) {
      if (result?.fate === 'unknown' && entry.states.of(index) === undefined) {
        this.#confirm(campaignNotice(campaign, dest, result.at));
      }
      entry.states.note(index, dlr.status);
      notes.set(entry.note, { text: () => entry.states.text });
    }
    this.#listeners.get(campaign.run)?.();
    return { campaign: campaign.id, sentAt, traceparent: result?.traceparent };
  }

  /** Announces the confirmed messages of a page together. */
  #confirm(notice: MessageNotice): void {
    if (this.#confirmed.push(notice) > 1) return;
    setImmediate(() => {
      const messages = this.#confirmed;
      this.#confirmed = [];
      this.#announce(OURSMS_MESSAGE_CONFIRMED, messages);
    });
  }

  #announce(event: string, messages: MessageNotice[]): void {
    this.announce(event, { account: this.account, messages });
  }
}

/** Statuses that a page may change, and the note that stores them, by request. */
type ReadStates = Map<string, { states: DeliveryStates; note: string }>;

const campaignNotice = ({ id, at }: TrackedCampaign, dest: string, leftAt = at): MessageNotice => ({
  campaign: id,
  dest: maskNumber(dest),
  sentAt: new Date(leftAt).toISOString(),
});
