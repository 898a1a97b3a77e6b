import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from './account.js';
import type { LoopbackListener } from './loopback-listener.js';
import type { PushFault, PushFaultPlan } from './push-faults.js';
import type { SimulatorEngine } from './simulator-engine.js';
import type { SimulatorReport } from './simulator.records.js';
import type { SimulatorWebhook } from './webhook.options.js';

/** A batch of reports to push. */
interface Batch {
  reports: SimulatorReport[];
  /** Tries so far. */
  attempts: number;
  /** Time by `performance.now()`. */
  dueAt: number;
}

/** Pushes the reports of one account in batches, each until it is answered with 2xx. */
export class WebhookPusher {
  readonly #agent = new Agent({ keepAlive: true });
  #waiting: Batch[] = [];
  #inFlight = 0;

  constructor(
    readonly account: Account,
    private readonly webhook: SimulatorWebhook,
    private readonly faults: PushFaultPlan,
    private readonly engine: SimulatorEngine,
    private readonly listener: LoopbackListener,
    private readonly signal: AbortSignal,
  ) {}

  /** Number of reports not yet answered with 2xx. */
  get pending(): number {
    const unanswered = this.#waiting.reduce((sum, { reports }) => sum + reports.length, this.#inFlight);
    return unanswered + this.account.outgoing.size;
  }

  /** Removes and returns the reports not yet answered with 2xx. Call it after {@link run} has ended. */
  takePending(): SimulatorReport[] {
    const { outgoing } = this.account;
    const repeats = this.#waiting.splice(0).flatMap(({ reports }) => reports);
    return [...repeats, ...outgoing.take(outgoing.size)];
  }

  /** Pushes until the signal aborts. */
  async run(): Promise<void> {
    // Aborts pushes that wait for an answer.
    this.signal.addEventListener('abort', () => this.#agent.destroy());
    await Promise.all(Array.from({ length: this.webhook.concurrency }, () => this.#pushLoop()));
    this.#agent.destroy();
  }

  async #pushLoop(): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      this.engine.settle();
      const batch = this.listener.isOpen ? this.#nextBatch() : undefined;
      if (batch === undefined) await wait(this.webhook.everyMs, undefined, { signal }).catch(() => undefined);
      else await this.#push(batch);
    }
  }

  #nextBatch(): Batch | undefined {
    const now = performance.now();
    const due = this.#waiting.find(({ dueAt }) => dueAt <= now);
    if (due !== undefined) {
      this.#waiting = this.#waiting.filter((batch) => batch !== due);
      return due;
    }
    const reports = this.account.outgoing.take(this.webhook.batch);
    return reports.length === 0 ? undefined : { reports, attempts: 0, dueAt: now };
  }

  async #push(batch: Batch): Promise<void> {
    const { reports, attempts } = batch;
    const { retryDelayMs } = this.webhook;
    const fault = this.faults.take();
    if (fault?.kind === 'disorder') {
      return this.#retryLater({ ...batch, reports: reports.toReversed() }, retryDelayMs);
    }
    this.#inFlight += reports.length;
    try {
      if (fault?.kind === 'garbage') await this.#post(batch, fault.body ?? '{"statuses":[{"msgId":', fault);
      const status = await this.#post(batch, JSON.stringify({ statuses: reports }), fault);
      const isTaken = status !== undefined && status >= 200 && status < 300;
      if (!isTaken) this.#retryLater({ ...batch, attempts: attempts + 1 }, this.#delayAfter(attempts));
      else if (fault?.kind === 'repeat') this.#retryLater({ ...batch, attempts: attempts + 1 }, retryDelayMs);
    } finally {
      this.#inFlight -= reports.length;
    }
  }

  #retryLater(batch: Batch, delayMs: number): void {
    this.#waiting.push({ ...batch, dueAt: performance.now() + delayMs });
  }

  #delayAfter(attempts: number): number {
    const { retryDelayMs, maxRetryDelayMs } = this.webhook;
    return Math.min(retryDelayMs * 2 ** attempts, maxRetryDelayMs);
  }

  /** @returns the status of the answer; undefined when there was no answer */
  async #post({ reports, attempts }: Batch, body: string | Uint8Array, fault?: PushFault): Promise<number | undefined> {
    const status = await this.#exchange(Buffer.from(body), fault);
    if (!this.signal.aborted) {
      const { username } = this.account;
      this.engine.recordPush({ username, reports, attempt: attempts + 1, status, fault: fault?.kind });
    }
    return status;
  }

  #exchange(body: Buffer, fault: PushFault | undefined): Promise<number | undefined> {
    const { url, timeoutMs } = this.webhook;
    return new Promise((resolve) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length };
      const outgoing = request(url, { method: 'POST', headers, agent: this.#agent });
      const close = (): void => void outgoing.destroy();
      const timer = setTimeout(close, timeoutMs);
      const end = (status?: number): void => {
        clearTimeout(timer);
        resolve(status);
      };
      outgoing.on('error', () => end());
      outgoing.on('close', () => end());
      outgoing.on('response', (answer) => {
        // A truncated answer counts as none.
        answer.on('error', () => end());
        answer.resume().on('end', () => end(answer.statusCode));
      });
      if (fault?.kind === 'cut') outgoing.write(body.subarray(0, body.length >> 1), close);
      else outgoing.end(body, fault?.kind === 'noAnswer' ? close : undefined);
    });
  }
}
