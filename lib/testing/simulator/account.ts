import { Refusal, SIMULATOR_ERROR_CODES } from './refusal.js';
import { ReportQueue } from './report-queue.js';
import { checkAmount, type SimulatorAccount } from './simulator.options.js';
import type { SimulatorReport } from './simulator.records.js';

/** One account with its balance and its inbox. */
export class Account {
  /** Reports that wait to be downloaded. */
  readonly inbox = new ReportQueue();
  /** Reports that wait to be pushed. */
  readonly outgoing = new ReportQueue();
  /** Queues that each new report is added to. */
  reportQueues: readonly ReportQueue[] = [this.inbox];
  #credits: number;

  constructor(readonly settings: SimulatorAccount) {
    this.#credits = settings.credits ?? 1000;
  }

  get username(): string {
    return this.settings.username;
  }

  /** Answer of the JSON API to `/users/me`. */
  get user(): { userId: string; username: string; email: string } {
    const { username } = this;
    return { userId: `user-${username}`, username, email: `${encodeURIComponent(username)}@example.com` };
  }

  /** Approved senders, as the JSON API lists them. */
  get senders(): { src: string }[] {
    return (this.settings.senders ?? []).map((src) => ({ src }));
  }

  get credits(): number {
    return this.#credits;
  }

  set credits(value: number) {
    checkAmount('credits', value);
    this.#credits = value;
  }

  /** Adds a report to each of `reportQueues`. */
  addReport(row: SimulatorReport): void {
    for (const queue of this.reportQueues) queue.put(row);
  }

  /** @throws Refusal (6307) when the account may not use this sender name. */
  checkSender(src: string): void {
    const { senders } = this.settings;
    if (senders === undefined || senders.includes(src)) return;
    throw new Refusal(400, 'src: source address not allowed', SIMULATOR_ERROR_CODES.sender);
  }

  /** @throws Refusal (1008) when the balance does not cover the cost; the balance stays as it is. */
  charge(cost: number): void {
    if (cost > this.#credits) throw new Refusal(402, 'insufficient balance', SIMULATOR_ERROR_CODES.balance);
    this.#credits = roundCredits(this.#credits - cost);
  }
}

/** Rounds to a millionth of a credit, so that sums of decimal prices stay exact. */
export function roundCredits(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
