import type { DlrStatus } from '../../dto/dlr.js';
import { countParts } from '../../message/split-text.js';
import type { Lease, QueueEngine } from '../../queue/durable-queue.js';
import { pageNumberOf, type CampaignNames } from './campaign-names.js';
import type { CampaignChunk, CampaignFacts, CampaignKey, ChunkResult } from './campaign-record.js';
import { DeliveryStates, type DeliveryCounts } from './delivery-states.js';
import { RecipientIndex } from './recipient-index.js';

/** Requests whose recipients are at hand: some 25 kB each. */
const CHUNKS_AT_HAND = 256;
/** Indexes at hand: some 380 kB each. */
const INDEXES_AT_HAND = 16;
/** Requests whose statuses are at hand, at the most, and for so long after the last report: its page is settled by then. */
const MOST_STATES = 20_000;
const STATES_AT_HAND_MS = 120_000;

/** A campaign whose reports are matched. */
export interface TrackedCampaign extends CampaignKey {
  src: string;
  /** When it was started: milliseconds since 1970. */
  at: number;
  /** Minutes that its messages are held. */
  delay: number;
  /** Parts of the text, where each recipient has the same. */
  parts: number;
  /** Whether its missing reports were announced. */
  isTold?: boolean;
}

/** A request whose reports are matched. */
export interface TrackedChunk {
  campaign: TrackedCampaign;
  number: string;
  dests: readonly string[];
  parts: number;
  /** Once it is settled. */
  result?: ChunkResult;
}

/** Delivery statuses of the campaigns of an account, and what finds the request of a report. */
export class DeliveryStore {
  readonly #campaigns = new Map<string, TrackedCampaign>();
  #readAt = -Infinity;
  readonly #chunks = new Map<string, TrackedChunk>();
  readonly #indexes = new Map<string, RecipientIndex>();
  /** How many indexes a campaign has, by its run. */
  readonly #indexCounts = new Map<string, number>();
  readonly #states = new Map<string, { states: DeliveryStates; touchedAt: number }>();
  #slot: { number: number; lease: Lease } | undefined;

  constructor(
    private readonly engine: QueueEngine,
    readonly names: CampaignNames,
  ) {}

  /** The campaigns whose reports are matched, read as often as other processes may have started one. */
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

  /** A campaign of this process is about to begin. */
  noteCampaign(campaign: TrackedCampaign): void {
    this.#campaigns.set(campaign.run, campaign);
  }

  /** A campaign is removed. */
  noteRemoval({ run }: CampaignKey): void {
    this.#campaigns.delete(run);
  }

  /** The requests that have these ids at the gateway. */
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

  /** The requests that have a number among their recipients. @param since Campaigns started before that are left out. */
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

  /** The statuses of a request, to be changed. */
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

  /** Name of the note that this process keeps the statuses of a request in. */
  async noteOf({ campaign, number }: TrackedChunk): Promise<string> {
    return `${this.names.list(campaign, 'dlr')}${number}/${await this.#writer()}`;
  }

  /** How many recipients of each request have which report, in the order of the numbers of the requests. */
  async *counts(key: CampaignKey): AsyncIterable<{ number: string; counts: DeliveryCounts }> {
    const prefix = `${key.run}/`;
    const names = [...this.#states.keys()].filter((name) => name.startsWith(prefix)).sort();
    // What is at hand has reports that are not settled yet.
    const atHand = names.map((name) => ({ number: pageNumberOf(name), states: this.#states.get(name)?.states }));
    for await (const { number, texts } of this.#kept(key)) {
      while (atHand[0] && atHand[0].number < number) yield countsOf(atHand.shift());
      const states =
        (atHand[0]?.number === number && atHand.shift()?.states) || new DeliveryStates(texts[0]?.length ?? 0, 1);
      for (const text of texts) states.merge(text);
      yield { number, counts: states.counts() };
    }
    for (const entry of atHand) yield countsOf(entry);
  }

  /** The status of each recipient of a request, in their order; undefined without a report. */
  async statuses(key: CampaignKey, number: string, recipients: number): Promise<(DlrStatus | undefined)[]> {
    const atHand = this.#states.get(`${key.run}/${number}`)?.states;
    const states = atHand ?? (await this.#read(key, number, { recipients, parts: 1 }));
    return Array.from({ length: recipients }, (_, i) => states.of(i));
  }

  /** Releases the right to write. */
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
    // A result of another fate may be changed by a person.
    if (chunk.result?.fate === 'sent') keep(this.#chunks, key, chunk, CHUNKS_AT_HAND);
    return chunk;
  }

  async *#indexesOf(campaign: TrackedCampaign): AsyncIterable<RecipientIndex> {
    const prefix = this.names.list(campaign, 'index');
    const known = [...this.#indexes].filter(([name]) => name.startsWith(prefix));
    // Written before the campaign began, all of them.
    if (known.length > 0 && known.length === this.#indexCounts.get(campaign.run)) {
      yield* known.map(([, index]) => index);
      return;
    }
    let count = 0;
    for await (const { name, text } of this.engine.notes(prefix)) {
      const index = this.#indexes.get(name) ?? new RecipientIndex(text);
      keep(this.#indexes, name, index, INDEXES_AT_HAND);
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

  /** Each process writes under a number of its own, so that none can undo what another one wrote. */
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
    const before = performance.now() - STATES_AT_HAND_MS;
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

/** The note on a campaign whose reports are matched. */
export function trackedCampaign({ id, run, message, startedAt }: CampaignFacts): TrackedCampaign {
  const { src, delay = 0, body } = message;
  return { id, run, src, at: Date.parse(startedAt), delay, parts: countParts(body) };
}

/** Keeps a value as the newest; the oldest go. */
function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
