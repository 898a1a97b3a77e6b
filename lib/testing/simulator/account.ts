import { Refusal, SIMULATOR_ERROR_CODES } from './refusal.js';
import { ReportQueue } from './report-queue.js';
import { checkAmount, type SimulatorAccount } from './simulator.options.js';
import type { SimulatorReport } from './simulator.records.js';

/** One account with its balance and its inbox. */
export class Account {
  /** The account's reports that wait to be downloaded. */
  readonly inbox = new ReportQueue();
  /** Those that wait to be pushed. */
  readonly outgoing = new ReportQueue();
  /** Ways of a report. With a webhook, it is pushed. */
  ways: readonly ReportQueue[] = [this.inbox];
  #credits: number;

  constructor(readonly settings: SimulatorAccount) {
    this.#credits = settings.credits ?? 1000;
  }

  get username(): string {
    return this.settings.username;
  }

  /** The answer to "who am I". */
  get user(): { userId: string; username: string; email: string } {
    const { username } = this;
    return { userId: `user-${username}`, username, email: `${encodeURIComponent(username)}@example.com` };
  }

  /** The senders that are listed as approved. */
  get senders(): { src: string }[] {
    return (this.settings.senders ?? []).map((src) => ({ src }));
  }

  /** The balance. */
  get credits(): number {
    return this.#credits;
  }

  set credits(value: number) {
    checkAmount('credits', value);
    this.#credits = value;
  }

  /** A report is there. */
  report(row: SimulatorReport): void {
    for (const way of this.ways) way.put(row);
  }

  /** @throws Refusal (6307) when the account may not use this sender name. */
  checkSender(src: string): void {
    const { senders } = this.settings;
    if (senders === undefined || senders.includes(src)) return;
    throw new Refusal(400, 'src: source address not allowed', SIMULATOR_ERROR_CODES.sender);
  }

  /** @throws Refusal (1008) when the balance does not cover the cost; nothing is taken from it then. */
  charge(cost: number): void {
    if (cost > this.#credits) throw new Refusal(402, 'insufficient balance', SIMULATOR_ERROR_CODES.balance);
    this.#credits = roundCredits(this.#credits - cost);
  }
}

/** Keeps decimal prices from drifting, to a millionth of a credit. */
export function roundCredits(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
