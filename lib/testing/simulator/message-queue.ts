import type { Account } from './account.js';
import type { SendParameters } from './send-parameters.js';
import type { SimulatorLedger } from './simulator-ledger.js';
import { checkAmount, type SimulatorEngineOptions } from './simulator.options.js';
import type { MessageRecord, ReportStatus, SimulatorReport } from './simulator.records.js';
import { Timeline } from './timeline.js';

const MINUTE_MS = 60_000;

/** An accepted request: the fields that all its messages share. */
export interface Job extends Omit<SendParameters, 'dests'> {
  jobId: string;
  account: Account;
  parts: number;
  acceptedAt: number;
}

type Message = { -readonly [Field in keyof MessageRecord]: MessageRecord[Field] };

interface Step {
  message: Message;
  account: Account;
  /** Milliseconds from sending the message to its report. */
  reportAfterMs: number;
  /** `report` adds the report to the account; the others remove the message from the queue. */
  to: 'sent' | 'expired' | 'cancelled' | 'report';
}

/** Accepted messages: held, then sent, expired or cancelled, then reported. Only {@link settle} changes their state. */
export class MessageQueue {
  readonly #steps = new Timeline<Step>();
  /** Time of the last identical message, for `prevDups`: by account, sender and text, then by recipient. */
  readonly #sentAt = new Map<string, Map<string, number>>();

  constructor(
    private readonly options: Pick<SimulatorEngineOptions, 'routeDelayMs' | 'deliverAfterMs' | 'reports' | 'statusOf'>,
    private readonly ledger: SimulatorLedger,
  ) {}

  /** The recipients that got an identical message within the last `prevDups` minutes. */
  duplicates(job: Job, dests: Iterable<string>): Set<string> {
    const sentAt = job.prevDups > 0 ? this.#sentAt.get(textKey(job.account.username, job)) : undefined;
    if (sentAt === undefined) return new Set();
    const since = job.acceptedAt - job.prevDups * MINUTE_MS;
    return new Set([...dests].filter((dest) => (sentAt.get(dest) ?? -Infinity) >= since));
  }

  /** Adds one message. @param index Position of the recipient in its request, from 0. */
  accept(job: Job, { dest, index, msgId }: { dest: string; index: number; msgId: string }): void {
    const { jobId, account, src, body, parts, priority, msgClass, dlr, acceptedAt } = job;
    const { username } = account;
    const message: Message = {
      ...{ msgId, jobId, username, src, dest, body, parts, priority, msgClass, dlr, acceptedAt },
      state: 'held',
    };
    this.ledger.noteAccepted(message);
    const { to, at } = this.#exitOf(job);
    this.#steps.add(at, { message, account, reportAfterMs: this.#reportAfterMs(dest, index), to });
  }

  /** Executes all steps that are due by `now`, in the order of time. */
  settle(now: number): void {
    for (let due = this.#steps.takeDue(now); due !== undefined; due = this.#steps.takeDue(now)) {
      const { message, account, to } = due.value;
      if (to === 'report') account.addReport(reportOf(message, due.at));
      else this.#leave(due.value, to, due.at);
    }
  }

  #reportAfterMs(dest: string, index: number): number {
    const { deliverAfterMs } = this.options;
    if (typeof deliverAfterMs === 'number') return deliverAfterMs;
    const ms = deliverAfterMs(dest, index);
    checkAmount('the result of deliverAfterMs', ms);
    return ms;
  }

  #exitOf(job: Job): { to: 'sent' | 'expired' | 'cancelled'; at: number } {
    const { acceptedAt, maxParts, parts, delay, validity } = job;
    if (maxParts > 0 && parts > maxParts) return { to: 'cancelled', at: acceptedAt };
    const sendAt = acceptedAt + delay * MINUTE_MS + this.options.routeDelayMs;
    const validUntil = validity > 0 ? acceptedAt + validity * MINUTE_MS : Infinity;
    return sendAt > validUntil ? { to: 'expired', at: validUntil } : { to: 'sent', at: sendAt };
  }

  #leave(step: Step, state: 'sent' | 'expired' | 'cancelled', at: number): void {
    const { message } = step;
    message.state = state;
    message.endedAt = at;
    message.status = this.#finalStatus(message, state);
    if (state === 'sent') this.#rememberSent(message, at);
    this.ledger.noteEnded(message);
    const reportAfterMs = state === 'sent' ? step.reportAfterMs : 0;
    if (message.dlr && this.options.reports) this.#steps.add(at + reportAfterMs, { ...step, to: 'report' });
  }

  #finalStatus({ dest, body }: Message, state: 'sent' | 'expired' | 'cancelled'): ReportStatus {
    if (state === 'sent') return this.options.statusOf(dest, body);
    return state === 'expired' ? 'expired' : 'deleted';
  }

  #rememberSent(message: Message, at: number): void {
    const key = textKey(message.username, message);
    const sentAt = this.#sentAt.get(key) ?? new Map<string, number>();
    sentAt.set(message.dest, at);
    this.#sentAt.set(key, sentAt);
  }
}

function textKey(username: string, { src, body }: { src: string; body: string }): string {
  return JSON.stringify([username, src, body]);
}

function reportOf({ msgId, jobId, status, src, dest, acceptedAt }: Message, at: number): SimulatorReport {
  return { msgId, jobId, status, src, dest, msgDate: dateText(acceptedAt), statusDate: dateText(at) };
}

function dateText(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}
