import type { NoteChange, QueueEngine } from '../queue/durable-queue.js';
import { byArrival, type KeptReport } from './kept-report.js';
import {
  hourAt,
  hourOf,
  identifiedText,
  isStripped,
  readRecord,
  recordText,
  stripped,
  type MessageRecord,
} from './message-record.js';
import { withMissing } from './missing-lately.js';
import type { TrackingNames } from './tracking-names.js';
import { UnsettledReports } from './unsettled-reports.js';

/** Notes that are deleted by one write. */
const AT_ONCE = 500;

/** Reads and writes the tracking records of an account. */
export class TrackingStore {
  readonly unsettled = new UnsettledReports();
  /** The last hour that this process has listed, without a count, since more records may come. */
  #lastHour: string | undefined;

  constructor(
    readonly engine: QueueEngine,
    readonly names: TrackingNames,
  ) {}

  /** Stores a record and its index entries, before its message leaves. */
  async add(record: MessageRecord): Promise<void> {
    const { id, reference, hashes } = record;
    const { names } = this;
    const changes: NoteChange[] = [{ name: names.record(id), text: recordText(record) }];
    if (reference !== undefined) changes.push({ name: names.reference(reference) + id, text: '' });
    for (const hash of hashes) changes.push({ name: names.dest(hash) + id, text: '' });
    const hour = hourOf(id);
    if (hour !== this.#lastHour) changes.push({ name: names.hours + hour, text: '' });
    await this.engine.change(changes);
    this.#lastHour = hour;
  }

  /** Stores the outcome of a send, and the gateway's ids. */
  async update(record: MessageRecord): Promise<void> {
    const { id, jobId, msgIds = [] } = record;
    const { names, engine } = this;
    const isForgotten = this.unsettled.isForgotten(id);
    // A stripped record needs the ids. A removed one must not be written again.
    if (isForgotten && (await engine.read(names.record(id))) === undefined) return;
    const kept = isForgotten ? stripped(record) : record;
    const changes: NoteChange[] = [{ name: names.record(id), text: recordText(kept) }];
    if (jobId !== undefined) changes.push({ name: names.job(jobId), text: id });
    for (const [index, msgId] of msgIds.entries()) {
      if (msgId !== null) changes.push({ name: names.message(msgId), text: identifiedText(kept, index) });
    }
    // Nothing waits for it, so it mostly shares a disk write with the record of the next message.
    await engine.change(changes, true);
    // After the write: another process has stripped the record before it, or strips it later and sees the ids.
    const othersWrite = engine.followEveryMs !== Infinity;
    if (othersWrite && (await engine.read(names.strippedInFlight(id))) !== undefined) await this.strip(record);
  }

  /** Reads records by id; undefined for a record that is not stored. */
  async records(ids: readonly string[]): Promise<(MessageRecord | undefined)[]> {
    const texts = await this.engine.readMany(ids.map((id) => this.names.record(id)));
    return texts.map((text) => (text === undefined ? undefined : readRecord(text)));
  }

  /** Lists the ends of the names with a prefix, in their order: for example the ids of the records of a reference. */
  async idsUnder(prefix: string): Promise<string[]> {
    const ids: string[] = [];
    for await (const { name } of this.engine.notes(prefix)) ids.push(name.slice(prefix.length));
    return ids;
  }

  /** Reads the reports of a record, in the order of their arrival. */
  async reports({ id, hashes }: MessageRecord): Promise<KeptReport[]> {
    const found = new Map<string, string>();
    // Unsettled reports first: one that is written during the read of the store would be in neither.
    for (const index of hashes.keys()) {
      for (const { name, keptText } of this.unsettled.of(id, index)) found.set(name, keptText);
    }
    for await (const { name, text } of this.engine.notes(this.names.reportsOn(id))) found.set(name, text);
    return [...found.values()].map((text) => JSON.parse(text) as KeptReport).sort(byArrival);
  }

  /** Whether the store has a report of a recipient. */
  async hasReport(id: string, index: number): Promise<boolean> {
    for await (const { name } of this.engine.notes(`${this.names.reportsOn(id)}${index}/`)) return name !== '';
    return false;
  }

  /**
   * Deletes a record and all that belongs to it, except the ids and traces that recognise its late reports: these must not match
   * another message to the same number.
   */
  async strip(record: MessageRecord): Promise<void> {
    const rest = stripped(record);
    const { msgIds = [] } = rest;
    await this.#remove(record, [
      { name: this.names.record(rest.id), text: recordText(rest) },
      ...msgIds.flatMap((msgId, i) =>
        msgId === null ? [] : [{ name: this.names.message(msgId), text: identifiedText(rest, i) }],
      ),
      ...this.#forgottenNames(rest).map((name) => ({ name, text: '' })),
      ...(rest.outcome === undefined ? [{ name: this.names.strippedInFlight(rest.id), text: '' }] : []),
    ]);
  }

  /** Deletes a record and all that belongs to it. */
  async remove(record: MessageRecord): Promise<void> {
    await this.#remove(
      record,
      [...this.#idNames(record), this.names.record(record.id)].map((name) => ({ name })),
    );
  }

  /** @param last Changes that complete the removal. */
  async #remove(record: MessageRecord, last: NoteChange[]): Promise<void> {
    const { id, hashes } = record;
    // Reports that are being written now reach the store before they are deleted.
    const reports = new Set(this.unsettled.forget(id, hashes.length));
    const prefix = this.names.reportsOn(id);
    for (const end of await this.idsUnder(prefix)) reports.add(prefix + end);
    await this.#delete([...reports]);
    await this.engine.change([...this.#indexNames(record).map((name) => ({ name })), ...last]);
  }

  /** Deletes all records of an hour. @returns How many there were. */
  async removeHour(hour: string): Promise<number> {
    const { names, engine } = this;
    let count = 0;
    let changes: string[] = [];
    const prefix = names.reportsOf(hour);
    for await (const { name } of engine.notes(prefix)) {
      if (changes.push(name) < AT_ONCE) continue;
      await this.#delete(changes);
      changes = [];
    }
    for await (const { text } of engine.notes(names.recordsOf(hour))) {
      count += 1;
      const record = readRecord(text);
      changes.push(...this.#indexNames(record), ...this.#idNames(record), names.record(record.id));
      if (changes.length < AT_ONCE) continue;
      await this.#delete(changes);
      changes = [];
    }
    // Other processes may still add records to the current hour.
    await this.#delete(hour < hourAt(Date.now()) ? [...changes, names.hours + hour] : changes);
    return count;
  }

  async #delete(names: readonly string[]): Promise<void> {
    for (let from = 0; from < names.length; from += AT_ONCE) {
      await this.engine.change(names.slice(from, from + AT_ONCE).map((name) => ({ name })));
    }
  }

  /**
   * Returns the change that adds missing messages to the count of the last hour. Only the process with the lock of the sweep may
   * call it and write the change: two processes would overwrite each other's count.
   */
  async countMissing(messages: number): Promise<NoteChange> {
    const name = this.names.missingLately;
    return { name, text: withMissing(await this.engine.read(name), messages) };
  }

  /** The hours that have records, oldest first. */
  hours(): Promise<string[]> {
    return this.idsUnder(this.names.hours);
  }

  /** The oldest record; undefined when there is none. */
  async oldest(): Promise<MessageRecord | undefined> {
    for await (const { text } of this.engine.notes(this.names.records)) return readRecord(text);
    return undefined;
  }

  /** Names of the index entries of a record by its reference and recipients, and of its missing reports. */
  #indexNames({ id, reference, hashes }: MessageRecord): string[] {
    const { names } = this;
    const byReference = reference === undefined ? [] : [names.reference(reference) + id];
    return [...byReference, ...hashes.map((hash) => names.dest(hash) + id), names.missing + id];
  }

  /** Names of the index entries of a forgotten record, by the traces of its recipients. */
  #forgottenNames({ id, traces = [] }: MessageRecord): string[] {
    return [...new Set(traces)].map((trace) => this.names.forgotten(trace) + id);
  }

  /** Names of the index entries of a record by the gateway's ids, and of a forgotten record. */
  #idNames(record: MessageRecord): string[] {
    const { jobId, msgIds = [] } = record;
    const names = this.#forgottenNames(record);
    if (isStripped(record)) names.push(this.names.strippedInFlight(record.id));
    for (const msgId of msgIds) if (msgId !== null) names.push(this.names.message(msgId));
    if (jobId !== undefined) names.push(this.names.job(jobId));
    return names;
  }
}
