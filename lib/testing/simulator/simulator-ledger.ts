import type {
  MessageRecord,
  PushRecord,
  RequestRecord,
  SimulatorReport,
  SimulatorTotals,
} from './simulator.records.js';

/** Records and totals for tests. Without `record` it keeps only the totals. */
export class SimulatorLedger {
  readonly requests: RequestRecord[] = [];
  readonly messages: MessageRecord[] = [];
  readonly delivered: MessageRecord[] = [];
  readonly handedOut: SimulatorReport[] = [];
  readonly pushes: PushRecord[] = [];
  readonly totals: SimulatorTotals = {
    requests: 0,
    accepted: 0,
    rejected: 0,
    duplicates: 0,
    sent: 0,
    delivered: 0,
    expired: 0,
    cancelled: 0,
    handedOut: 0,
    pushes: 0,
  };
  readonly #phones = new Map<string, MessageRecord[]>();

  constructor(private readonly record: boolean) {}

  /** Messages that reached one phone, in order. */
  phone(dest: string): readonly MessageRecord[] {
    return this.#phones.get(dest) ?? [];
  }

  noteAccepted(message: MessageRecord): void {
    this.totals.accepted += 1;
    if (this.record) this.messages.push(message);
  }

  /** Counts a message that was sent, expired or was cancelled. */
  noteEnded(message: MessageRecord): void {
    if (message.state !== 'held') this.totals[message.state] += 1;
    if (message.status === 'delivered' || message.status === 'sent') this.#noteDelivered(message);
  }

  noteHandedOut(rows: readonly SimulatorReport[]): void {
    this.totals.handedOut += rows.length;
    if (this.record) for (const row of rows) this.handedOut.push(row);
  }

  notePush(push: PushRecord): void {
    this.totals.pushes += 1;
    if (this.record) this.pushes.push(push);
  }

  #noteDelivered(message: MessageRecord): void {
    this.totals.delivered += 1;
    if (!this.record) return;
    this.delivered.push(message);
    const phone = this.#phones.get(message.dest);
    if (phone === undefined) this.#phones.set(message.dest, [message]);
    else phone.push(message);
  }
}
