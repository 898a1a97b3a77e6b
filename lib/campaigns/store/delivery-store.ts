import type { DlrStatus } from '../../dto/dlr.js';
import { countParts } from '../../message/split-text.js';
import type { Lease, QueueEngine } from '../../queue/durable-queue.js';
import { pageNumberOf, type CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignKey, ChunkResult } from './campaign-record.js';
import { DeliveryStates, type DeliveryCounts } from './delivery-states.js';
import { RecipientIndex } from './recipient-index.js';
import type { TrackedCampaign, TrackedChunk } from './tracked-campaign.js';

/** Requests whose recipients are cached: some 25 kB each. */
const CACHED_CHUNKS = 256;
/** Cached indexes: some 380 kB each. */
const CACHED_INDEXES = 16;
/** Requests whose statuses are cached. */
const MOST_STATES = 20_000;
/** How long statuses stay cached after a report: its page is settled by then. */
const STATES_CACHED_MS = 120_000;

/** Source of the delivery reports of an account's campaigns. */
export interface CampaignDeliveries {
  store: () => Promise<DeliveryStore>;
  /** Milliseconds from when a message was due until its report is missing. */
  missingAfterMs: number;
}

/** Delivery statuses of the campaigns of an account, and the look-up of the request of a report. */
export class DeliveryStore {
  readonly #campaigns = new Map<string, TrackedCampaign>();
  #readAt = -Infinity;
  readonly #chunks = new Map<string, TrackedChunk>();
  readonly #indexes = new Map<string, RecipientIndex>();
  /** Number of indexes of each campaign, by run. */
  readonly #indexCounts = new Map<string, number>();
  readonly #states = new Map<string, { states: DeliveryStates; touchedAt: number }>();
  #slot: { number: number; lease: Lease } | undefined;

  constructor(
    private readonly engine: QueueEngine,
    readonly names: CampaignNames,
  ) {}

  /** The tracked campaigns. Reads them again when another process may have started one. */
  async campaigns(): Promise<Iterable<TrackedCampaign>> {
    if (performance.now() - this.#readAt < this.engine.followEveryMs) return this.#campaigns.values();
    const found: TrackedCampaign[] = [];
    for await (const { text } of this.engine.notes(this.names.allTracked))
      found.push(JSON.parse(text) as TrackedCampaign);
    this.#campaigns.clear();
    for (const campaign of found) this.#campaigns.set(campaign.run, campaign);
    this.#readAt = performance.now();
    return this.#campaigns.values();
  }

  /** Adds a campaign that this process starts. */
  noteCampaign(campaign: TrackedCampaign): void {
    this.#campaigns.set(campaign.run, campaign);
  }

  /** Removes a campaign. */
  noteRemoval({ run }: CampaignKey): void {
    this.#campaigns.delete(run);
  }

  /** The requests of these ids of the gateway. */
  async byJobs(jobIds: readonly string[]): Promise<Map<string, TrackedChunk>> {
    const texts = await this.engine.readMany(jobIds.map((jobId) => this.names.job(jobId)));
    const found = new Map<string, TrackedChunk>();
    await this.campaigns();
    for (const [i, text] of texts.entries()) {
      const [run = '', number = ''] = text?.split(' ') ?? [];
      const campaign = this.#campaigns.get(run);
      const chunk = campaign && (await this.#chunk(campaign, number));
      if (chunk) found.set(jobIds[i] as string, chunk);
    }
    return found;
  }

  /** The requests to each number. @param since Leaves out campaigns that were started earlier. */
  async byNumbers(numbers: ReadonlySet<string>, since: number): Promise<Map<string, TrackedChunk[]>> {
    const found = new Map<string, TrackedChunk[]>();
    for (const campaign of await this.campaigns()) {
      if (campaign.at < since) continue;
      for await (const index of this.#indexesOf(campaign)) {
        for (const number of numbers) {
          for (const request of index.requestsOf(number)) {
            const chunk = await this.#chunk(campaign, String(request).padStart(9, '0'));
            if (chunk?.dests.includes(number)) found.set(number, [...(found.get(number) ?? []), chunk]);
          }
        }
      }
    }
    return found;
  }

  /** The statuses of a request, for the caller to change. */
  async states({ campaign, number, dests, parts }: TrackedChunk): Promise<DeliveryStates> {
    const key = `${campaign.run}/${number}`;
    const known = this.#states.get(key);
    this.#states.delete(key);
    const states = known?.states ?? (await this.#read(campaign, number, { recipients: dests.length, parts }));
    // Another call may have read them meanwhile.
    const entry = this.#states.get(key) ?? { states, touchedAt: 0 };
    entry.touchedAt = performance.now();
    this.#states.set(key, entry);
    this.#dropOld();
    return entry.states;
  }

  /** Name of the note in which this process stores the statuses of a request. */
  async noteOf({ campaign, number }: TrackedChunk): Promise<string> {
    return `${this.names.list(campaign, 'dlr')}${number}/${await this.#writer()}`;
  }

  /** Report counts of each request, in the order of request numbers. */
  async *counts(key: CampaignKey): AsyncIterable<{ number: string; counts: DeliveryCounts }> {
    const prefix = `${key.run}/`;
    const names = [...this.#states.keys()].filter((name) => name.startsWith(prefix)).sort();
    // Cached statuses include reports that are not settled yet.
    const cached = names.map((name) => ({ number: pageNumberOf(name), states: this.#states.get(name)?.states }));
    for await (const { number, texts } of this.#kept(key)) {
      while (cached[0] && cached[0].number < number) yield countsOf(cached.shift());
      const states =
        (cached[0]?.number === number && cached.shift()?.states) || new DeliveryStates(texts[0]?.length ?? 0, 1);
      for (const text of texts) states.merge(text);
      yield { number, counts: states.counts() };
    }
    for (const entry of cached) yield countsOf(entry);
  }

  /** The status of each recipient of a request, in order; undefined without a report. */
  async statuses(key: CampaignKey, number: string, recipients: number): Promise<(DlrStatus | undefined)[]> {
    const cached = this.#states.get(`${key.run}/${number}`)?.states;
    const states = cached ?? (await this.#read(key, number, { recipients, parts: 1 }));
    return Array.from({ length: recipients }, (_, i) => states.of(i));
  }

  /** Releases the writer's slot. */
  async release(): Promise<void> {
    await this.#slot?.lease.release().catch(() => undefined);
    this.#slot = undefined;
  }

  async #chunk(campaign: TrackedCampaign, number: string): Promise<TrackedChunk | undefined> {
    const key = `${campaign.run}/${number}`;
    const known = this.#chunks.get(key);
    if (known) return known;
    const { names } = this;
    const lists = [names.list(campaign, 'chunk') + number, names.list(campaign, 'result') + number];
    const [text, result] = await this.engine.readMany(lists);
    if (text === undefined) return undefined;
    const { dests, body } = JSON.parse(text) as CampaignChunk;
    const parts = body === undefined ? campaign.parts : countParts(body);
    const chunk = {
      campaign,
      number,
      dests,
      parts,
      result: result === undefined ? undefined : (JSON.parse(result) as ChunkResult),
    };
    // `resolveUnknown` may change a result of another fate.
    if (chunk.result?.fate === 'sent') cache(this.#chunks, key, chunk, CACHED_CHUNKS);
    return chunk;
  }

  async *#indexesOf(campaign: TrackedCampaign): AsyncIterable<RecipientIndex> {
    const prefix = this.names.list(campaign, 'index');
    const known = [...this.#indexes].filter(([name]) => name.startsWith(prefix));
    // All indexes were written before the campaign started.
    if (known.length > 0 && known.length === this.#indexCounts.get(campaign.run)) {
      yield* known.map(([, index]) => index);
      return;
    }
    let count = 0;
    for await (const { name, text } of this.engine.notes(prefix)) {
      const index = this.#indexes.get(name) ?? new RecipientIndex(text);
      cache(this.#indexes, name, index, CACHED_INDEXES);
      count += 1;
      yield index;
    }
    this.#indexCounts.set(campaign.run, count);
  }

  async #read(key: CampaignKey, number: string, of: { recipients: number; parts: number }): Promise<DeliveryStates> {
    const states = new DeliveryStates(of.recipients, of.parts);
    const prefix = `${this.names.list(key, 'dlr')}${number}/`;
    for await (const { text } of this.engine.notes(prefix)) states.merge(text);
    return states;
  }

  async *#kept(key: CampaignKey): AsyncIterable<{ number: string; texts: string[] }> {
    const prefix = this.names.list(key, 'dlr');
    let current: { number: string; texts: string[] } | undefined;
    for await (const { name, text } of this.engine.notes(prefix)) {
      const [number = ''] = name.slice(prefix.length).split('/');
      if (current?.number === number) current.texts.push(text);
      else {
        if (current) yield current;
        current = { number, texts: [text] };
      }
    }
    if (current) yield current;
  }

  /** Number of this process among the writers: each writes notes of its own, so that none overwrites another's. */
  async #writer(): Promise<number> {
    if (this.#slot?.lease.isValid()) return this.#slot.number;
    for (let number = 0; ; number++) {
      const lease = await this.engine.exclusive(this.names.writer(number));
      if (lease === undefined) continue;
      this.#slot = { number, lease };
      return number;
    }
  }

  #dropOld(): void {
    const before = performance.now() - STATES_CACHED_MS;
    for (const [key, { touchedAt }] of this.#states) {
      if (this.#states.size <= MOST_STATES && touchedAt >= before) return;
      this.#states.delete(key);
    }
  }
}

const countsOf = (entry?: { number: string; states?: DeliveryStates }): { number: string; counts: DeliveryCounts } => ({
  number: entry?.number ?? '',
  counts: entry?.states?.counts() ?? { delivered: 0, undelivered: 0, reported: 0 },
});

/** Caches a value as the newest, and evicts the oldest. */
function cache<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
