import { isStripped, type MessageRecord } from './message-record.js';
import type { SendsInFlight } from './sends-in-flight.js';
import type { TrackingStore } from './tracking-store.js';

/** Announcements that are remembered. */
const MOST_REMEMBERED = 10_000;

/** Announces each message of unknown outcome once, when a report proves that it was sent. */
export class Confirmations {
  /** Messages that were announced: the store may not have their reports yet. */
  readonly #announced = new Set<string>();

  constructor(
    private readonly store: TrackingStore,
    private readonly flights: SendsInFlight,
    private readonly announce: (record: MessageRecord, index: number) => void,
  ) {}

  /** Announces a message if its outcome is unknown and this is its first report. */
  async noteReport(record: MessageRecord, index: number): Promise<void> {
    const { store } = this;
    if (this.flights.stateOf(record, store.engine) !== 'unknown') return;
    // Its answer may have come since the record was read.
    const [latest] = await store.records([record.id]);
    if (latest === undefined || isStripped(latest)) return;
    if (this.flights.stateOf(latest, store.engine) !== 'unknown') return;
    // The store does not have the reports of this page yet: a page that is redelivered after a crash is announced again.
    if (await store.hasReport(record.id, index)) return;
    this.#confirm(latest, index);
  }

  /** Announces a message whose send has ended with an unknown outcome, if its reports came before that. */
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
