import type { DlrStatus } from '../../dto/dlr.js';
import { isFinalStatus, monotonic } from '../../dto/monotonic.js';

/** The statuses by their characters in the store; a point stands for a recipient without a report. */
const STATUSES: Readonly<Record<string, DlrStatus>> = {
  o: 'unknown',
  s: 'sent',
  u: 'undelivered',
  f: 'failed',
  x: 'deleted',
  e: 'expired',
  d: 'delivered',
};
const NONE = '.'.charCodeAt(0);
const BY_CODE = new Map(Object.entries(STATUSES).map(([character, status]) => [character.charCodeAt(0), status]));
const CODES = new Map([...BY_CODE].map(([code, status]) => [status, code]));

/** Report counts of a request. */
export interface DeliveryCounts {
  delivered: number;
  undelivered: number;
  /** Recipients with any report, delivered and undelivered ones included. */
  reported: number;
}

/** The delivery statuses of the recipients of a request, a byte each. */
export class DeliveryStates {
  readonly #codes: Uint8Array;

  /** @param parts Parts of the text. */
  constructor(
    recipients: number,
    private readonly parts: number,
  ) {
    this.#codes = new Uint8Array(recipients).fill(NONE);
  }

  get text(): string {
    return Buffer.from(this.#codes).toString('latin1');
  }

  /** The status of a recipient; undefined without a report. */
  of(index: number): DlrStatus | undefined {
    return BY_CODE.get(this.#codes[index] ?? NONE);
  }

  /** Applies a report. */
  note(index: number, status: DlrStatus): void {
    if (isLater(this.of(index), status, this.parts)) this.#codes[index] = CODES.get(status) ?? NONE;
  }

  /** Merges stored statuses, of this or another process. */
  merge(text: string): void {
    const count = Math.min(text.length, this.#codes.length);
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i);
      const status = code === this.#codes[i] ? undefined : BY_CODE.get(code);
      if (status !== undefined) this.note(i, status);
    }
  }

  counts(): DeliveryCounts {
    const counts = { delivered: 0, undelivered: 0, reported: 0 };
    for (const code of this.#codes) {
      const status = code === NONE ? undefined : BY_CODE.get(code);
      if (status === undefined) continue;
      counts.reported += 1;
      if (status === 'delivered') counts.delivered += 1;
      else if (isFinalStatus(status)) counts.undelivered += 1;
    }
    return counts;
  }
}

/**
 * Whether a status replaces the known one, by the rule of `monotonic`. Each part of a long text may have reports of its own, which
 * cannot be distinguished here: the first part that fails fails the message.
 */
function isLater(known: DlrStatus | undefined, next: DlrStatus, parts: number): boolean {
  if (parts === 1 || known === undefined) return monotonic(known, next);
  if (isFinalStatus(known) && known !== 'delivered') return false;
  return monotonic(known, next) || (isFinalStatus(next) && next !== 'delivered');
}
