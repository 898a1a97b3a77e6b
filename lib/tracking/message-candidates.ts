import type { Dlr } from '../dto/dlr.js';
import type { Candidate, CandidateSource, FoundById, TrackedFields } from './candidate.js';
import { keptReport } from './kept-report.js';
import { isStripped, traceOf, type IdentifiedMessage, type MessageRecord } from './message-record.js';
import { reportedNumber, type NumberHash } from './number-hash.js';
import type { PageNotes } from './page-notes.js';
import type { SendsInFlight } from './sends-in-flight.js';
import type { TrackingStore } from './tracking-store.js';

/** Records that are read for one number: if it has more, only the newest. */
const MOST_OF_NUMBER = 100;

/** Stands for the older records of a number, which are not read: any report may belong to one of them. */
const UNREAD_RECORDS: Candidate = {
  at: 0,
  parts: Infinity,
  isRuledOut: false,
  isForgotten: true,
  msgDates: () => Promise.resolve([]),
  take: () => {
    throw new Error('A report must not be matched with records that were not read.');
  },
};

/** Called when a report is matched. */
interface MatchListener {
  /** Called for each matched report. */
  reported(id: string): void;
  /** Called when the record was read to match the report: then its outcome may be unknown. */
  matched(record: MessageRecord, index: number): void;
}

/** Finds single messages of an account that a report may belong to. */
export class MessageCandidates implements CandidateSource {
  #isKnownToExist = false;
  #askedAt = -Infinity;

  constructor(
    private readonly store: TrackingStore,
    private readonly hash: NumberHash,
    private readonly flights: SendsInFlight,
    private readonly listener: MatchListener,
  ) {}

  /** Call it when a record is added: from then on the source is not empty. */
  noteRecord(): void {
    this.#isKnownToExist = true;
  }

  /** Reads the store once, and while it is empty again every `followEveryMs`: another process may add the first record. */
  async isEmpty(): Promise<boolean> {
    const { engine } = this.store;
    if (this.#isKnownToExist) return false;
    if (performance.now() - this.#askedAt < engine.followEveryMs) return true;
    const oldest = await this.store.oldest();
    this.#askedAt = performance.now();
    this.#isKnownToExist = oldest !== undefined;
    return !this.#isKnownToExist;
  }

  async byIds(dlrs: readonly Dlr[]): Promise<(FoundById | undefined)[]> {
    const { store } = this;
    const { names } = store;
    // The ids in an answer that has just come must be stored first.
    await this.flights.allStored();
    const msgTexts = await this.#read(dlrs, ({ msgId }) => msgId && names.message(msgId));
    const jobTexts = await this.#read(dlrs, ({ jobId }, i) =>
      msgTexts[i] === undefined && jobId !== undefined ? names.job(jobId) : undefined,
    );
    const records = await this.#records(jobTexts);
    return dlrs.map(({ dest }, i) => {
      const identified = msgTexts[i];
      if (identified !== undefined) return this.#byMessage(JSON.parse(identified) as IdentifiedMessage, dest);
      const record = records.get(jobTexts[i] ?? '');
      if (record === undefined) return undefined;
      const index = isStripped(record) ? undefined : this.#indexOf(record, dest);
      // Where the request has no such recipient, the report belongs to no message.
      return index === undefined ? 'gone' : { candidate: this.#candidate(record, index), by: 'job' };
    });
  }

  /** @param dest The recipient of the report. */
  #byMessage(message: IdentifiedMessage, dest: string | undefined): FoundById {
    const number = reportedNumber(dest);
    // Where the id belongs to another recipient, the report belongs to no message. A masked number cannot be compared.
    const isOther = number !== undefined && this.hash.of(number) !== message.hash;
    if (message.hash === undefined || isOther) return 'gone';
    return { candidate: { take: (dlr, notes) => this.#keep(message, message.index, dlr, notes) }, by: 'msgId' };
  }

  byDest(dlrs: readonly Dlr[]): Promise<Candidate[][]> {
    const found = new Map<string, Promise<Candidate[]>>();
    return Promise.all(
      dlrs.map(async ({ dest }) => {
        const number = reportedNumber(dest);
        if (number === undefined) return [];
        const candidates = found.get(number) ?? this.#candidatesOf(this.hash.of(number));
        found.set(number, candidates);
        return candidates;
      }),
    );
  }

  async #candidatesOf(numberHash: string): Promise<Candidate[]> {
    const { names } = this.store;
    const ids = await this.store.idsUnder(names.dest(numberHash));
    const forgotten = await this.store.idsUnder(names.forgotten(traceOf(numberHash)));
    const asked = [...ids.slice(-MOST_OF_NUMBER), ...forgotten];
    // Before the records are read: a record without an outcome then has its send here.
    const inFlight = asked.map((id) => this.flights.of(id));
    const records = await this.store.records(asked);
    const found = records.flatMap((record, i) => {
      if (record === undefined) return [];
      const index = record.traces?.indexOf(traceOf(numberHash)) ?? record.hashes.indexOf(numberHash);
      return index < 0 ? [] : [this.#candidate(record, index, inFlight[i])];
    });
    return ids.length > MOST_OF_NUMBER ? [...found, UNREAD_RECORDS] : found;
  }

  #indexOf({ hashes }: MessageRecord, dest: string | undefined): number | undefined {
    const number = reportedNumber(dest);
    // Without a number, the report must be of the only recipient of its request.
    if (number === undefined) return hashes.length === 1 ? 0 : undefined;
    const index = hashes.indexOf(this.hash.of(number));
    return index < 0 ? undefined : index;
  }

  #candidate(record: MessageRecord, index: number, inFlight?: Promise<void>): Candidate {
    const { at, src, jobId, msgIds, parts, outcome, rejected } = record;
    return {
      at,
      src,
      jobId,
      msgId: msgIds?.[index] ?? undefined,
      parts,
      isForgotten: isStripped(record),
      isRuledOut: outcome === 'notSent' || rejected?.includes(index) === true,
      inFlight,
      msgDates: async () => {
        const reports = await this.store.reports(record);
        return reports.flatMap((report) => (report.index === index && report.msgDate ? [report.msgDate] : []));
      },
      take: (dlr, notes) => this.#take(record, index, dlr, notes),
    };
  }

  #take(record: MessageRecord, index: number, dlr: Dlr, notes: PageNotes): TrackedFields {
    const fields = this.#keep(record, index, dlr, notes);
    this.listener.matched(record, index);
    return fields;
  }

  #keep(message: MessageRecord | IdentifiedMessage, index: number, dlr: Dlr, notes: PageNotes): TrackedFields {
    const { id, reference, traceparent, at } = message;
    const name = this.store.names.report(id, index, dlr.status, dlr.msgId);
    // A repeated report keeps its first place: of several failures, the first one counts.
    notes.setOnce(name, this.store.unsettled.add(id, name, keptReport(dlr, index, notes.size)));
    this.listener.reported(id);
    return { reference, traceparent, sentAt: new Date(at).toISOString() };
  }

  /** Reads the note of each report, where it has a name. */
  async #read(
    dlrs: readonly Dlr[],
    nameOf: (dlr: Dlr, i: number) => string | undefined,
  ): Promise<(string | undefined)[]> {
    const names = dlrs.map(nameOf);
    const asked = [...new Set(names.filter((name) => name !== undefined))];
    const texts = new Map((await this.store.engine.readMany(asked)).map((text, i) => [asked[i], text]));
    return names.map((name) => (name === undefined ? undefined : texts.get(name)));
  }

  async #records(ids: readonly (string | undefined)[]): Promise<Map<string, MessageRecord>> {
    const asked = [...new Set(ids.filter((id) => id !== undefined))];
    const records = await this.store.records(asked);
    return new Map(records.flatMap((record) => (record === undefined ? [] : [[record.id, record]])));
  }
}
