import { Injectable } from '@nestjs/common';
import { Messages, type Dlr, type TrackedRecipient } from 'nestjs-oursms';

const HOUR_MS = 3_600_000;
const STEP_MS = 300_000;
const COLUMNS = HOUR_MS / STEP_MS;
/** References that are followed: the latest. A send has up to 500 recipients. */
const FOLLOWED = 1_000;
/** A picture is shown again for so long, however many ask. */
const FRESH_MS = 500;

/** What became of the messages that were sent within one step of time. */
export interface SentColumn {
  /** Accepted by the gateway: delivered, undelivered and not yet reported together. */
  sent: number;
  delivered: number;
  undelivered: number;
  noReportYet: number;
}

/** The messages of the last hour, by when they were sent, and how long it took to deliver them. */
export interface LastHourView extends SentColumn {
  /** When the first column begins: ISO 8601, UTC. */
  from: string;
  /** The length of a step, in milliseconds. */
  stepMs: number;
  /** Twelve, the last of which is not over. */
  columns: SentColumn[];
  /** Milliseconds from the send to the delivery within which half of the delivered messages arrived; absent when none did. */
  medianMs?: number;
  /** The same of 95 in 100. */
  p95Ms?: number;
}

/** Messages of one send. */
interface SentTogether extends SentColumn {
  at: number;
  /** Milliseconds to each delivery. */
  tookMs: number[];
}

interface Followed {
  /** When it was last sent under the reference: milliseconds since 1970. */
  at: number;
  /** Sends of the reference as they were last read. */
  sends: SentTogether[];
  /** Whether no report is expected any more. */
  isFinal: boolean;
}

/**
 * The delivery rate and the time to delivery of the messages of the last hour, read from the module's own records by the references of
 * the messages. Campaigns have no references, and a chart of their own.
 */
@Injectable()
export class LastHour {
  readonly #followed = new Map<string, Followed>();
  #view: { readAt: number; view: Promise<LastHourView> } | undefined;

  constructor(private readonly messages: Messages) {}

  /** Called when a message was sent that asks for reports. */
  noteSend(reference: string): void {
    this.#follow(reference, Date.now());
  }

  /** Called with each report: it may change a message that was final, or be of one that was sent before a restart. */
  noteReport({ reference, sentAt }: Pick<Dlr, 'reference' | 'sentAt'>): void {
    if (reference === undefined || sentAt === undefined) return;
    this.#follow(reference, Math.max(Date.parse(sentAt), this.#followed.get(reference)?.at ?? 0));
  }

  /** The last hour as it is now. @throws {OurSmsStorageError} when the records cannot be read */
  view(): Promise<LastHourView> {
    const now = Date.now();
    if (this.#view === undefined || Math.abs(now - this.#view.readAt) >= FRESH_MS) {
      this.#view = { readAt: now, view: this.#read(now) };
    }
    return this.#view.view;
  }

  #follow(reference: string, at: number): void {
    this.#followed.delete(reference);
    this.#followed.set(reference, { at, sends: [], isFinal: false });
    this.#view = undefined;
    const [oldest] = this.#followed.keys();
    if (oldest !== undefined && this.#followed.size > FOLLOWED) this.#followed.delete(oldest);
  }

  async #read(now: number): Promise<LastHourView> {
    const from = (Math.floor(now / STEP_MS) + 1) * STEP_MS - HOUR_MS;
    for (const [reference, { at }] of this.#followed) if (at < from) this.#followed.delete(reference);
    await Promise.all([...this.#followed].map(([reference, followed]) => this.#look(reference, followed)));
    const sends = [...this.#followed.values()].flatMap((followed) => followed.sends).filter(({ at }) => at >= from);
    const columns = Array.from({ length: COLUMNS }, (_, index) =>
      sumOf(sends.filter(({ at }) => Math.min(COLUMNS - 1, Math.floor((at - from) / STEP_MS)) === index)),
    );
    const tookMs = sends.flatMap((send) => send.tookMs).sort((one, other) => one - other);
    const times = { medianMs: percentile(tookMs, 50), p95Ms: percentile(tookMs, 95) };
    return { from: new Date(from).toISOString(), stepMs: STEP_MS, ...sumOf(sends), columns, ...times };
  }

  async #look(reference: string, followed: Followed): Promise<void> {
    if (followed.isFinal) return;
    const message = await this.messages.get(reference);
    if (message === undefined) return;
    followed.isFinal = message.isFinal;
    followed.sends = sendsOf(message.recipients);
  }
}

function sendsOf(recipients: readonly TrackedRecipient[]): SentTogether[] {
  const sends = new Map<string, SentTogether>();
  for (const recipient of recipients) {
    const group = groupOf(recipient);
    if (group === undefined) continue;
    const { sentAt } = recipient;
    const send = sends.get(sentAt) ?? { ...sumOf([]), at: Date.parse(sentAt), tookMs: [] };
    sends.set(sentAt, send);
    send.sent += 1;
    send[group] += 1;
    if (group === 'delivered') send.tookMs.push(...deliveryMs(recipient));
  }
  return [...sends.values()];
}

/** Undefined for a message that was not sent, may not have been, or asked for no reports. */
function groupOf({ state, isFinal }: TrackedRecipient): 'delivered' | 'undelivered' | 'noReportYet' | undefined {
  if (state === 'delivered') return 'delivered';
  if (state === 'missing' || (state === 'sent' && !isFinal)) return 'noReportYet';
  return ['undelivered', 'failed', 'expired', 'deleted'].includes(state) ? 'undelivered' : undefined;
}

/**
 * Until the gateway says it was delivered, where it says so with a time zone; otherwise until the report came, which is later by the
 * wait for the next poll.
 */
function deliveryMs({ sentAt, reports }: TrackedRecipient): number[] {
  const report = reports.find(({ status }) => status === 'delivered');
  if (report === undefined) return [];
  const [sent, received] = [Date.parse(sentAt), Date.parse(report.receivedAt)];
  const reached = /(?:Z|[+-]\d\d:?\d\d)$/.test(report.statusDate ?? '') ? Date.parse(report.statusDate ?? '') : NaN;
  const isLikely = reached >= sent && reached <= received;
  return [Math.max(0, (isLikely ? reached : received) - sent)];
}

function sumOf(columns: readonly SentColumn[]): SentColumn {
  const sum = { sent: 0, delivered: 0, undelivered: 0, noReportYet: 0 };
  for (const column of columns) for (const name of Object.keys(sum) as (keyof SentColumn)[]) sum[name] += column[name];
  return sum;
}

/** By the nearest rank. @param sorted Smallest first. */
function percentile(sorted: readonly number[], percent: number): number | undefined {
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1];
}
