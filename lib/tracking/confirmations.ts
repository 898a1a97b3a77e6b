import { isStripped, type MessageRecord } from './message-record.js';
import type { SendsInFlight } from './sends-in-flight.js';
import type { TrackingStore } from './tracking-store.js';

/** Announcements that are remembered. */
const MOST_REMEMBERED = 10_000;

/** Announces the messages of unknown outcome whose report says that they were sent, each once. */
export class Confirmations {
  /** Their reports need not be in the store yet. */
  readonly #announced = new Set<string>();

  constructor(
    private readonly store: TrackingStore,
    private readonly flights: SendsInFlight,
    private readonly announce: (record: MessageRecord, index: number) => void,
  ) {}

  /** A report of a message has come. */
  async noteReport(record: MessageRecord, index: number): Promise<void> {
    const { store } = this;
    if (this.flights.stateOf(record, store.engine) !== 'unknown') return;
    // Its answer may have come since the record was read.
    const [latest] = await store.records([record.id]);
    if (latest === undefined || isStripped(latest)) return;
    if (this.flights.stateOf(latest, store.engine) !== 'unknown') return;
    // Reports of this page are not kept yet; one that is redelivered after a crash is announced again.
    if (await store.hasKept(record.id, index)) return;
    this.#confirm(latest, index);
  }

  /** The outcome of a send is unknown now, and reports of it may have come before that. */
  async noteUnknown(record: MessageRecord): Promise<void> {
    for (const { index } of await this.store.reports(record)) this.#confirm(record, index);
  }

  #confirm(record: MessageRecord, index: number): void {
    const key = `${record.id}/${index}`;
    if (this.#announced.has(key)) return;
    if (this.#announced.size >= MOST_REMEMBERED) this.#announced.clear();
    this.#announced.add(key);
    this.announce(record, index);
  }
}
