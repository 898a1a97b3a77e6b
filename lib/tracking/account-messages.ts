import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Dlr } from '../dto/dlr.js';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import { withLock } from '../queue/exclusive-lock.js';
import { RepeatedLook } from '../queue/repeated-look.js';
import type { CandidateSource } from './candidate.js';
import { describeRecipients } from './describe-message.js';
import { MessageCandidates } from './message-candidates.js';
import { isStripped, type MessageRecord } from './message-record.js';
import type { SentState } from './message-state.js';
import { Messages } from './messages.js';
import {
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  type MessageNotice,
  type SettledOptions,
  type TrackedMessage,
  type TrackedRecipient,
  type TrackingStats,
} from './message.types.js';
import { NumberHash } from './number-hash.js';
import type { PageNotes } from './page-notes.js';
import { ReportMatcher } from './report-matcher.js';
import { SendsInFlight } from './sends-in-flight.js';
import { recordOf, withOutcome, type MessageToTrack, type TrackedOutcome } from './tracked-send.js';
import { TrackingNames } from './tracking-names.js';
import { TrackingStore } from './tracking-store.js';
import { noticeOf, TrackingSweep, type TrackingPolicy } from './tracking-sweep.js';

const MINUTE_MS = 60_000;
/** A send of another process that has no outcome after so long has none: its process has ended. */
const OTHERS_IN_FLIGHT_MS = 10 * MINUTE_MS;
/** Announcements that are remembered. */
const MOST_CONFIRMED = 10_000;
/** Between looks at what other processes have written, while a caller waits for it. */
const SHORTEST_LOOK_MS = 500;

/** The messages of campaigns. */
export interface CampaignMessages extends CandidateSource {
  /** Announces missing reports. @param mayGoOn Rejects when another instance does it. */
  announceMissing(mayGoOn: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Dependencies of {@link AccountMessages}. */
export interface MessagesSetup {
  account: string;
  /** Unset: nothing is tracked. */
  policy: (TrackingPolicy & { matchByDest: boolean }) | undefined;
  openEngine: () => Promise<QueueEngine>;
  /** Messages of campaigns, whose records are the campaigns' own. */
  campaigns?: CampaignMessages;
  announce: (event: string, payload: { account: string; messages: MessageNotice[] }) => void;
}

interface Opened {
  store: TrackingStore;
  hash: NumberHash;
  candidates: MessageCandidates;
  matcher: ReportMatcher;
  sweep: TrackingSweep;
}

/** The tracked messages of an account. */
export class AccountMessages extends Messages {
  readonly #logger = new Logger('OurSmsMessages');
  readonly #setup: MessagesSetup;
  readonly #names: TrackingNames;
  /** Tells the records of this process from those of others. */
  readonly #by = randomUUID().slice(0, 8);
  readonly #flights = new SendsInFlight();
  readonly #stopping = new AbortController();
  /** Callers that wait for the reports of a record, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #sweeps: RepeatedLook;
  /** Messages of unknown outcome that were announced as confirmed: their report is not in the store yet. */
  readonly #confirmed = new Set<string>();
  #opened: Promise<Opened> | undefined;

  constructor(setup: MessagesSetup) {
    super();
    this.#setup = setup;
    this.#names = new TrackingNames(setup.account);
    const missingAfterMs = setup.policy?.missingAfterMs ?? 0;
    this.#sweeps = new RepeatedLook({
      look: () => this.#sweep(),
      everyMs: () => Math.min(Math.max(missingAfterMs / 10, 100), MINUTE_MS),
      onFailure: (error) => this.#logFailure(error),
    });
  }

  /** Whether messages are tracked. */
  get isOn(): boolean {
    return this.#setup.policy !== undefined;
  }

  /** Looks for missing reports, and removes old records, from now on: where there may be some. */
  start(): void {
    if (this.isOn && !this.#stopping.signal.aborted) this.#sweeps.start();
  }

  /** Ends what waits, and looks for missing reports no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#sweeps.stop();
    await this.#sweeps.ended();
  }

  /** Resolves when what the answers of sends have said is kept. Nothing is matched any more. */
  async close(): Promise<void> {
    await this.#flights.noted();
    await this.#setup.campaigns?.stop();
  }

  /**
   * Keeps the record of a message that is about to leave. Undefined for one that is not tracked.
   *
   * @throws {OurSmsStorageError} when it cannot be kept: then the message must not leave
   */
  async begin(
    message: MessageToTrack,
    kept: { reference?: string; traceparent?: string },
  ): Promise<{ ended(outcome: TrackedOutcome): void } | undefined> {
    if (!this.isOn || (kept.reference === undefined && message.dlr !== true)) return undefined;
    const { store, hash, candidates } = await this.#open();
    const record = recordOf(message, { ...kept, by: this.#by, hash });
    candidates.noteRecord();
    this.#flights.begin(record.id);
    try {
      await store.add(record);
    } catch (error) {
      this.#flights.end(record.id, Promise.resolve());
      throw error;
    }
    this.start();
    const { dests } = message;
    return {
      ended: (outcome) => {
        const noting = store.update(withOutcome(record, dests, outcome)).then(() => this.#wake(record.id));
        this.#flights.end(record.id, noting);
        if (outcome.kind !== 'unknown') return;
        this.#flights
          .noted()
          .then(() => this.#confirmEarly(record))
          .catch((error: unknown) => this.#logFailure(error));
      },
    };
  }

  /**
   * Fills in what is known of the message of each report.
   *
   * @returns The changes to write by the write that settles the reports.
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  async match(dlrs: readonly Dlr[]): Promise<PageNotes> {
    const { matcher, store } = await this.#open();
    const notes = await matcher.match(dlrs);
    await notes.dropKept((names) => store.engine.readMany(names));
    return notes;
  }

  async get(reference: string): Promise<TrackedMessage | undefined> {
    const { store } = await this.#open();
    await this.#flights.noted();
    return this.#read(reference, await store.idsUnder(this.#names.reference(reference)));
  }

  async settled(
    reference: string,
    { timeoutMs = MINUTE_MS, signal }: SettledOptions = {},
  ): Promise<TrackedMessage | undefined> {
    const { store } = await this.#open();
    const until = performance.now() + timeoutMs;
    const ends = [this.#stopping.signal, signal].filter((one) => one !== undefined);
    for (;;) {
      // Before the read: what comes meanwhile wakes it up.
      const ids = await store.idsUnder(this.#names.reference(reference));
      const change = this.#changeOf(ids);
      try {
        const message = await this.get(reference);
        const leftMs = until - performance.now();
        if (message === undefined || message.isFinal || leftMs <= 0 || ends.some(({ aborted }) => aborted))
          return message;
        const lookMs = Math.max(store.engine.followEveryMs, SHORTEST_LOOK_MS);
        const bound = AbortSignal.any([...ends, change.signal]);
        await wait(Math.min(leftMs, lookMs), undefined, { signal: bound }).catch(() => undefined);
      } finally {
        change.end();
      }
    }
  }

  async *missing(): AsyncIterable<MessageNotice> {
    const { store } = await this.#open();
    const prefix = this.#names.missing;
    for await (const { name, text } of store.engine.notes(prefix)) {
      const [record] = await store.records([name.slice(prefix.length)]);
      if (record === undefined) continue;
      const recipients = await this.#recipients(record, text);
      for (const index of text.split(' ').map(Number)) {
        if (recipients[index]?.state === 'missing') yield noticeOf(record, index);
      }
    }
  }

  async forget(reference: string): Promise<boolean> {
    const { store } = await this.#open();
    await this.#flights.noted();
    const ids = await store.idsUnder(this.#names.reference(reference));
    const records = (await store.records(ids)).filter((record) => record !== undefined);
    for (const record of records) {
      await store.strip(record);
      this.#wake(record.id);
    }
    return records.length > 0;
  }

  async stats(): Promise<TrackingStats> {
    const { store, sweep, matcher } = await this.#open();
    const { unmatched, ...matched } = matcher.counts;
    const dropped = Number((await store.engine.read(this.#names.dropped)) ?? 0);
    return { account: this.#setup.account, records: await sweep.count(), dropped, matched, unmatched };
  }

  async #read(reference: string, ids: readonly string[]): Promise<TrackedMessage | undefined> {
    const { store } = await this.#open();
    const recipients: TrackedRecipient[] = [];
    for (const record of await store.records(ids)) if (record) recipients.push(...(await this.#recipients(record)));
    if (recipients.length === 0) return undefined;
    return { reference, isFinal: recipients.every(({ isFinal }) => isFinal), recipients };
  }

  async #recipients(record: MessageRecord, missingText?: string): Promise<TrackedRecipient[]> {
    const { store } = await this.#open();
    const text = missingText ?? (await store.engine.read(this.#names.missing + record.id));
    const missing = new Set(text?.split(' ').map(Number));
    const sent = this.#sentStateOf(record, store.engine);
    return describeRecipients(record, await store.reports(record.id), (index) => {
      if (record.rejected?.includes(index)) return 'rejected';
      return missing.has(index) ? 'missing' : sent;
    });
  }

  #sentStateOf({ id, outcome, by, at }: MessageRecord, { followEveryMs }: QueueEngine): SentState {
    if (outcome !== undefined) return outcome;
    if (by === this.#by) return this.#flights.has(id) ? 'pending' : 'unknown';
    // Where no other process can send, an earlier one did, and has ended.
    if (followEveryMs === Infinity) return 'unknown';
    return at + OTHERS_IN_FLIGHT_MS > Date.now() ? 'pending' : 'unknown';
  }

  /** A report of a message of unknown outcome says that it was sent. */
  async #noteMatched(record: MessageRecord, index: number): Promise<void> {
    const { store } = await this.#open();
    if (this.#sentStateOf(record, store.engine) !== 'unknown') return;
    // Its answer may have come since the record was read.
    const [latest] = await store.records([record.id]);
    if (latest === undefined || isStripped(latest)) return;
    if (this.#sentStateOf(latest, store.engine) !== 'unknown') return;
    // Reports of this page are not kept yet; one that is redelivered after a crash is announced again.
    if (await store.hasKept(record.id, index)) return;
    this.#confirm(latest, index);
  }

  /** The outcome of a send is unknown, and reports of it may have come before that was known. */
  async #confirmEarly(record: MessageRecord): Promise<void> {
    const { store } = await this.#open();
    for (const { index } of await store.reports(record.id)) this.#confirm(record, index);
  }

  #confirm(record: MessageRecord, index: number): void {
    const key = `${record.id}/${index}`;
    if (this.#confirmed.has(key)) return;
    if (this.#confirmed.size >= MOST_CONFIRMED) this.#confirmed.clear();
    this.#confirmed.add(key);
    const messages = [noticeOf(record, index)];
    this.#setup.announce(OURSMS_MESSAGE_CONFIRMED, { account: this.#setup.account, messages });
  }

  async #sweep(): Promise<void> {
    const { store, sweep } = await this.#open();
    await withLock(store.engine, this.#names.sweep, async (lock) => {
      const mayGoOn = (): Promise<void> => lock.check();
      await sweep.run(mayGoOn);
      await this.#setup.campaigns?.announceMissing(mayGoOn);
    });
  }

  #changeOf(ids: readonly string[]): { signal: AbortSignal; end: () => void } {
    const controller = new AbortController();
    const wake = (): void => controller.abort();
    for (const id of ids) this.#waiting.set(id, (this.#waiting.get(id) ?? new Set()).add(wake));
    const end = (): void => {
      for (const id of ids) {
        const others = this.#waiting.get(id);
        others?.delete(wake);
        if (others?.size === 0) this.#waiting.delete(id);
      }
    };
    return { signal: controller.signal, end };
  }

  #wake(id: string): void {
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }

  #logFailure(error: unknown): void {
    const why = error instanceof OurSmsError ? error.message : 'an internal error of nestjs-oursms';
    const { account } = this.#setup;
    this.#logger.warn(
      `Missing delivery reports of account ${account} are not looked for until that is possible: ${why}`,
    );
  }

  #open(): Promise<Opened> {
    const { policy, account } = this.#setup;
    if (policy === undefined) {
      return Promise.reject(
        new OurSmsConfigError(`Messages (account ${account}): set tracking: {} in the options to track messages.`),
      );
    }
    this.#opened ??= this.#openStore(policy);
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }

  async #openStore(policy: NonNullable<MessagesSetup['policy']>): Promise<Opened> {
    const { openEngine, campaigns, announce, account } = this.#setup;
    const engine = await openEngine();
    const store = new TrackingStore(engine, this.#names);
    const hash = await NumberHash.of(engine, this.#names);
    const candidates = new MessageCandidates(store, hash, this.#flights, {
      reported: (id) => this.#wake(id),
      matched: (record, index) => {
        this.#noteMatched(record, index).catch((error: unknown) => this.#logFailure(error));
      },
    });
    const matcher = new ReportMatcher(campaigns ? [candidates, campaigns] : [candidates], policy.matchByDest);
    const sweep = new TrackingSweep(store, policy, (messages) =>
      announce(OURSMS_MESSAGE_MISSING, { account, messages }),
    );
    return { store, hash, candidates, matcher, sweep };
  }
}
