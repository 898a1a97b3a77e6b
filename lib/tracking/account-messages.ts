import { Logger } from '@nestjs/common';
import type { Dlr } from '../dto/dlr.js';
import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import type { QueueEngine } from '../queue/durable-queue.js';
import { withLock } from '../queue/exclusive-lock.js';
import { RepeatedLook } from '../queue/repeated-look.js';
import type { CampaignMessages } from './campaign-messages.js';
import { Confirmations } from './confirmations.js';
import { MessageCandidates } from './message-candidates.js';
import { MessageReader } from './message-reader.js';
import { noticeOf, type MessageRecord } from './message-record.js';
import { Messages } from './messages.js';
import {
  OURSMS_MESSAGE_CONFIRMED,
  OURSMS_MESSAGE_MISSING,
  type MessageNotice,
  type SettledOptions,
  type TrackedMessage,
  type TrackingStats,
} from './message.types.js';
import { missingIn } from './missing-lately.js';
import { NumberHash } from './number-hash.js';
import type { PageNotes } from './page-notes.js';
import { RecordWaits } from './record-waits.js';
import { ReportMatcher } from './report-matcher.js';
import { SendsInFlight } from './sends-in-flight.js';
import { recordOf, withOutcome, type MessageToTrack, type TrackedOutcome } from './tracked-send.js';
import { TrackingNames } from './tracking-names.js';
import { TrackingStore } from './tracking-store.js';
import { TrackingSweep, type TrackingPolicy } from './tracking-sweep.js';

const MINUTE_MS = 60_000;
const NOT_CONFIRMED =
  'A report of a message of unknown outcome came, but oursms.message.confirmed cannot be emitted for it';

/** Tracking options of an account. */
type MessagesPolicy = TrackingPolicy & { matchByDest: boolean };

/** Objects that need the open store. */
interface Opened {
  store: TrackingStore;
  hash: NumberHash;
  candidates: MessageCandidates;
  confirmations: Confirmations;
  matcher: ReportMatcher;
  reader: MessageReader;
  sweep: TrackingSweep;
}

/** The tracked messages of an account. */
export class AccountMessages extends Messages {
  readonly #logger = new Logger('OurSmsMessages');
  readonly #names: TrackingNames;
  readonly #flights = new SendsInFlight();
  readonly #stopping = new AbortController();
  readonly #waits = new RecordWaits();
  readonly #sweeps: RepeatedLook;
  #opened: Promise<Opened> | undefined;

  /**
   * @param policy Unset: nothing is tracked.
   * @param campaigns Messages of campaigns, which have records of their own.
   */
  constructor(
    private readonly account: string,
    private readonly policy: MessagesPolicy | undefined,
    private readonly openEngine: () => Promise<QueueEngine>,
    private readonly announce: (event: string, payload: { account: string; messages: MessageNotice[] }) => void,
    private readonly campaigns?: CampaignMessages,
  ) {
    super();
    this.#names = new TrackingNames(account);
    const missingAfterMs = policy?.missingAfterMs ?? 0;
    this.#sweeps = new RepeatedLook({
      look: () => this.#sweep(),
      everyMs: () => Math.min(Math.max(missingAfterMs / 10, 100), MINUTE_MS),
      onFailure: (error) => this.#warn('The search for missing delivery reports failed and is repeated', error),
    });
  }

  /** Whether messages are tracked. */
  get isOn(): boolean {
    return this.policy !== undefined;
  }

  /** Starts the search for missing reports and the removal of old records. Does nothing without `tracking`. */
  start(): void {
    if (this.isOn && !this.#stopping.signal.aborted) this.#sweeps.start();
  }

  /** Ends the waits of `settled`, and stops the search for missing reports. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#sweeps.stop();
    await this.#sweeps.ended();
  }

  /** Waits until the outcomes of all answered sends are stored. Call it when no more reports are matched. */
  async close(): Promise<void> {
    await this.#flights.allStored();
    await this.campaigns?.stop();
  }

  /**
   * Stores the record of a message that is about to leave. Returns undefined when the message is not tracked.
   *
   * @throws {OurSmsStorageError} when the record cannot be stored: then the message must not leave
   */
  async begin(
    message: MessageToTrack,
    kept: { reference?: string; traceparent?: string },
  ): Promise<{ ended(outcome: TrackedOutcome): void } | undefined> {
    if (!this.isOn || (kept.reference === undefined && message.dlr !== true)) return undefined;
    const { store, hash, candidates } = await this.#open();
    const record = recordOf(message, { ...kept, by: this.#flights.by, hash });
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
        const storing = store.update(withOutcome(record, dests, outcome)).then(() => this.#waits.wake(record.id));
        storing.catch((error: unknown) =>
          this.#warn('The answer to a tracked send could not be stored, so its outcome counts as unknown', error),
        );
        this.#flights.end(record.id, storing);
        if (outcome.kind === 'unknown') void this.#confirmEarly(record);
      },
    };
  }

  /**
   * Finds the message of each report, and adds its fields to the report.
   *
   * @returns The notes to write together with the page of the reports.
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  async match(dlrs: readonly Dlr[]): Promise<PageNotes> {
    const { matcher, store } = await this.#open();
    const notes = await matcher.match(dlrs);
    await notes.dropStored(store.engine);
    return notes;
  }

  async get(reference: string): Promise<TrackedMessage | undefined> {
    const { reader } = await this.#open();
    return reader.get(reference);
  }

  async settled(reference: string, options: SettledOptions = {}): Promise<TrackedMessage | undefined> {
    const { reader } = await this.#open();
    return reader.settled(reference, options, this.#stopping.signal);
  }

  async *missing(): AsyncIterable<MessageNotice> {
    const { reader } = await this.#open();
    yield* reader.missing();
  }

  async forget(reference: string): Promise<boolean> {
    const { store } = await this.#open();
    await this.#flights.allStored();
    const ids = await store.idsUnder(this.#names.reference(reference));
    const records = (await store.records(ids)).filter((record) => record !== undefined);
    for (const record of records) {
      await store.strip(record);
      this.#waits.wake(record.id);
    }
    return records.length > 0;
  }

  async stats(): Promise<TrackingStats> {
    const { store, sweep, matcher } = await this.#open();
    const { unmatched, ...matched } = matcher.counts;
    const dropped = Number((await store.engine.read(this.#names.dropped)) ?? 0);
    return { account: this.account, records: await sweep.count(), dropped, matched, unmatched };
  }

  /**
   * Counts the messages that all instances found missing within the last hour, those of campaigns included. Reads one note.
   *
   * @throws {OurSmsStorageError} when the store cannot be read
   */
  async missingLately(): Promise<number> {
    const engine = await this.openEngine();
    return missingIn(await engine.read(this.#names.missingLately));
  }

  async #confirmEarly(record: MessageRecord): Promise<void> {
    await this.#flights.allStored();
    const { confirmations } = await this.#open();
    await confirmations.noteUnknown(record).catch((error: unknown) => this.#warn(NOT_CONFIRMED, error));
  }

  async #sweep(): Promise<void> {
    const { store, sweep } = await this.#open();
    await withLock(store.engine, this.#names.sweep, async (lock) => {
      const checkLock = (): Promise<void> => lock.check();
      await sweep.run(checkLock);
      await this.campaigns?.announceMissing(checkLock, (messages) => store.countMissing(messages));
    });
  }

  /** @param what The sentence that says what failed, without its full stop. */
  #warn(what: string, error: unknown): void {
    const why = error instanceof OurSmsError ? error.message : 'an internal error of nestjs-oursms';
    this.#logger.warn(`${what} (account ${this.account}): ${why}`);
  }

  #open(): Promise<Opened> {
    const { policy, account } = this;
    if (policy === undefined) {
      return Promise.reject(
        new OurSmsConfigError(`Messages (account ${account}): set tracking: {} in the options to track messages.`),
      );
    }
    this.#opened ??= this.#openStore(policy);
    this.#opened.catch(() => (this.#opened = undefined));
    return this.#opened;
  }

  async #openStore(policy: MessagesPolicy): Promise<Opened> {
    const { account, announce, campaigns } = this;
    const engine = await this.openEngine();
    const store = new TrackingStore(engine, this.#names);
    const hash = await NumberHash.of(engine, this.#names);
    const confirmations = new Confirmations(store, this.#flights, (record, index) =>
      announce(OURSMS_MESSAGE_CONFIRMED, { account, messages: [noticeOf(record, index)] }),
    );
    const candidates = new MessageCandidates(store, hash, this.#flights, {
      reported: (id) => this.#waits.wake(id),
      matched: (record, index) => {
        confirmations.noteReport(record, index).catch((error: unknown) => this.#warn(NOT_CONFIRMED, error));
      },
    });
    const matcher = new ReportMatcher(campaigns ? [candidates, campaigns] : [candidates], policy.matchByDest);
    const sweep = new TrackingSweep(store, policy, (messages) =>
      announce(OURSMS_MESSAGE_MISSING, { account, messages }),
    );
    const reader = new MessageReader(store, this.#flights, this.#waits);
    return { store, hash, candidates, confirmations, matcher, reader, sweep };
  }
}
