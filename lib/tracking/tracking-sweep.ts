import { isFinalStatus } from '../dto/monotonic.js';
import type { NoteChange } from '../queue/durable-queue.js';
import { dueAtOf, HOUR_MS, hourAt, hourOf, noticeOf, readRecord, type MessageRecord } from './message-record.js';
import type { MessageNotice } from './message.types.js';
import type { TrackingStore } from './tracking-store.js';

/** Messages that are announced and marked together. */
const AT_ONCE = 500;
/** Records that are removed between two checks of the lock, which may be lost meanwhile. */
const REMOVED_AT_ONCE = 100;

/** When a report is missing, and which records are removed: by age, and by number. */
export interface TrackingPolicy {
  missingAfterMs: number;
  keepForMs: number;
  maxRecords: number;
}

/** Announces missing reports, and removes records that are too old or too many. One instance runs it for all. */
export class TrackingSweep {
  constructor(
    private readonly store: TrackingStore,
    private readonly policy: TrackingPolicy,
    private readonly announce: (messages: MessageNotice[]) => void,
  ) {}

  /** @param checkLock Rejects when this instance has lost the lock. */
  async run(checkLock: () => Promise<void>): Promise<void> {
    await this.#announceMissing(checkLock);
    await this.#removeOld(checkLock);
    await this.#removeExcess(checkLock);
  }

  /** How many records there are. */
  async count(): Promise<number> {
    let count = 0;
    for (const records of (await this.#counts()).values()) count += records;
    return count;
  }

  async #announceMissing(checkLock: () => Promise<void>): Promise<void> {
    const { engine, names } = this.store;
    const end = Date.now() - this.policy.missingAfterMs;
    const before = await engine.read(names.missingUntil);
    let last: string | undefined;
    let notices: MessageNotice[] = [];
    let marks: NoteChange[] = [];
    const write = async (until: string): Promise<void> => {
      await checkLock();
      // Before the event: a listener that reads the messages must see the state `missing`.
      await engine.change(marks);
      const done: NoteChange[] = [{ name: names.missingUntil, text: until }];
      if (notices.length > 0) {
        this.announce(notices);
        done.push(await this.store.countMissing(notices.length));
      }
      // Last: if the process ends in between, the messages are announced again.
      await engine.change(done);
      [notices, marks] = [[], []];
    };
    for await (const record of this.#between(before, end)) {
      const missing = await this.#missingOf(record);
      if (missing.length > 0) {
        marks.push({ name: names.missing + record.id, text: missing.join(' ') });
        notices.push(...missing.map((index) => noticeOf(record, index)));
      }
      last = record.id;
      if (notices.length >= AT_ONCE) await write(last);
    }
    if (last !== undefined) await write(last);
  }

  /** Reads the records after `before` whose messages were due until `end`. */
  async *#between(before: string | undefined, end: number): AsyncIterable<MessageRecord> {
    const { engine, names } = this.store;
    for (const hour of await this.store.hours()) {
      if (hour > hourAt(end) || (before !== undefined && hour < hourOf(before))) continue;
      const after = before !== undefined && hour === hourOf(before) ? names.record(before) : undefined;
      for await (const { text } of engine.notes(names.recordsOf(hour), after)) {
        const record = readRecord(text);
        if (dueAtOf(record.id) > end) return;
        yield record;
      }
    }
  }

  /** Indexes of the accepted recipients of a record that have no final report. */
  async #missingOf(record: MessageRecord): Promise<number[]> {
    const { dests, dlr, outcome, rejected = [] } = record;
    if (!dlr || outcome !== 'sent') return [];
    const final = new Set(rejected);
    for (const { index, status } of await this.store.reports(record)) if (isFinalStatus(status)) final.add(index);
    return [...dests.keys()].filter((index) => !final.has(index));
  }

  /** Removes whole hours. */
  async #removeOld(checkLock: () => Promise<void>): Promise<void> {
    const first = hourAt(Date.now() - this.policy.keepForMs);
    for (const hour of await this.store.hours()) {
      if (hour >= first) return;
      await checkLock();
      await this.store.removeHour(hour);
    }
  }

  /** Removes the oldest records. */
  async #removeExcess(checkLock: () => Promise<void>): Promise<void> {
    const { engine, names } = this.store;
    const counts = await this.#counts();
    let excess = [...counts.values()].reduce((sum, count) => sum + count, 0) - this.policy.maxRecords;
    if (excess <= 0) return;
    let dropped = Number((await engine.read(names.dropped)) ?? 0);
    for (const [hour, count] of counts) {
      await checkLock();
      if (excess <= 0) return;
      let removed = 0;
      if (count <= excess) removed = await this.store.removeHour(hour);
      else {
        // Its count changes: it is counted again later.
        await engine.note(names.hours + hour, '');
        for await (const { text } of engine.notes(names.recordsOf(hour))) {
          if (removed >= excess) break;
          if (removed % REMOVED_AT_ONCE === 0) await checkLock();
          await this.store.remove(readRecord(text));
          removed += 1;
        }
      }
      excess -= removed;
      dropped += removed;
      await engine.note(names.dropped, String(dropped));
    }
  }

  /** Number of records of each hour, oldest first. The number of a past hour is stored. */
  async #counts(): Promise<Map<string, number>> {
    const { engine, names } = this.store;
    const counts = new Map<string, number>();
    for await (const { name, text } of engine.notes(names.hours)) {
      const hour = name.slice(names.hours.length);
      const count = text === '' ? await engine.countNotes(names.recordsOf(hour)) : Number(text);
      counts.set(hour, count);
      if (text === '' && hour < hourAt(Date.now() - HOUR_MS)) await engine.note(name, String(count));
    }
    return counts;
  }
}
