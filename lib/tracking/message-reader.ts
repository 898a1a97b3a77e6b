import { setTimeout as wait } from 'node:timers/promises';
import type { KeptReport } from './kept-report.js';
import { noticeOf, type MessageRecord } from './message-record.js';
import { isFinalState, stateOf, type SentState } from './message-state.js';
import type { MessageNotice, SettledOptions, TrackedMessage, TrackedRecipient } from './message.types.js';
import type { RecordWaits } from './record-waits.js';
import type { SendsInFlight } from './sends-in-flight.js';
import type { TrackingStore } from './tracking-store.js';

const MINUTE_MS = 60_000;
/** The longest time of a Node.js timer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Shortest time between two reads of the store while a caller waits for reports that other processes write. */
const SHORTEST_READ_EVERY_MS = 500;

/** Reads what became of tracked messages: their records, reports and missing reports. */
export class MessageReader {
  constructor(
    private readonly store: TrackingStore,
    private readonly flights: SendsInFlight,
    private readonly waits: RecordWaits,
  ) {}

  async get(reference: string): Promise<TrackedMessage | undefined> {
    const { store } = this;
    await this.flights.allStored();
    const ids = await store.idsUnder(store.names.reference(reference));
    const recipients: TrackedRecipient[] = [];
    for (const record of await store.records(ids)) if (record) recipients.push(...(await this.#recipients(record)));
    if (recipients.length === 0) return undefined;
    return { reference, isFinal: recipients.every(({ isFinal }) => isFinal), recipients };
  }

  /** @param stopping Aborted when the account stops. */
  async settled(
    reference: string,
    { timeoutMs = MINUTE_MS, signal }: SettledOptions,
    stopping: AbortSignal,
  ): Promise<TrackedMessage | undefined> {
    const { store } = this;
    const until = performance.now() + timeoutMs;
    const ends = [stopping, signal].filter((one) => one !== undefined);
    for (;;) {
      const ids = await store.idsUnder(store.names.reference(reference));
      // Before the read: a report that comes during it wakes the wait.
      const change = this.waits.begin(ids);
      try {
        const message = await this.get(reference);
        const leftMs = until - performance.now();
        if (message === undefined || message.isFinal || leftMs <= 0 || ends.some(({ aborted }) => aborted))
          return message;
        const readEveryMs = Math.max(store.engine.followEveryMs, SHORTEST_READ_EVERY_MS);
        const bound = AbortSignal.any([...ends, change.signal]);
        await wait(Math.min(leftMs, readEveryMs, LONGEST_TIMER_MS), undefined, { signal: bound }).catch(
          () => undefined,
        );
      } finally {
        change.end();
      }
    }
  }

  async *missing(): AsyncIterable<MessageNotice> {
    const { engine, names } = this.store;
    const prefix = names.missing;
    for await (const { name, text } of engine.notes(prefix)) {
      const [record] = await this.store.records([name.slice(prefix.length)]);
      if (record === undefined) continue;
      const recipients = await this.#recipients(record, text);
      for (const index of text.split(' ').map(Number)) {
        if (recipients[index]?.state === 'missing') yield noticeOf(record, index);
      }
    }
  }

  /** @param missingText The note of the missing reports of the record, where it was read before. */
  async #recipients(record: MessageRecord, missingText?: string): Promise<TrackedRecipient[]> {
    const { engine, names } = this.store;
    const text = missingText ?? (await engine.read(names.missing + record.id));
    const missing = new Set(text?.split(' ').map(Number));
    const sent = this.flights.stateOf(record, engine);
    return describeRecipients(record, await this.store.reports(record), (index) => {
      if (record.rejected?.includes(index)) return 'rejected';
      return missing.has(index) ? 'missing' : sent;
    });
  }
}

/** @param sent The state of the send, by the index of the recipient. */
function describeRecipients(
  record: MessageRecord,
  reports: readonly KeptReport[],
  sent: (index: number) => SentState,
): TrackedRecipient[] {
  const { dests, at, jobId, msgIds, parts, dlr } = record;
  const byRecipient = new Map<number, KeptReport[]>();
  for (const report of reports) byRecipient.set(report.index, [...(byRecipient.get(report.index) ?? []), report]);
  return dests.map((dest, index) => {
    const seen = byRecipient.get(index) ?? [];
    const state = stateOf(seen, sent(index));
    return {
      dest,
      state,
      isFinal: isFinalState(state, dlr),
      sentAt: new Date(at).toISOString(),
      jobId,
      msgId: msgIds?.[index] ?? undefined,
      partsExpected: parts,
      partsSeen: new Set(seen.map((report) => report.msgId)).size,
      reports: seen.map(({ status, msgId, statusDate, receivedAt }) => ({ status, msgId, statusDate, receivedAt })),
    };
  });
}
