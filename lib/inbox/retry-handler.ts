import { Logger } from '@nestjs/common';
import type { Job, JobOutcome } from '../queue/durable-queue.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrPublisher } from './dlr-publisher.js';
import { reportOf, type StoredDlr } from './stored-jobs.js';
import type { ReportDispatcher } from './report-dispatcher.js';

const MAX_DELAY_MS = 15 * 60_000;

/** Options for the redelivery of reports whose listener fails. */
export interface RedeliveryOptions {
  /** Milliseconds before the second attempt. */
  retryDelayMs: number;
  maxAttempts: number;
}

/** Why a report is suspected to have ended its process. */
export const ENDED = 'the process ended, or was suspended, while a listener had it';

/** Redelivers a report whose listener failed, and gives it up after `maxAttempts`. */
export class RetryHandler {
  readonly #logger = new Logger('OurSmsDlrInbox');

  constructor(
    private readonly publisher: DlrPublisher,
    private readonly dispatcher: ReportDispatcher,
    private readonly options: RedeliveryOptions,
  ) {}

  /** Resolves to the outcome of a report, once its listeners have settled. */
  async handle(job: Job<StoredDlr>): Promise<JobOutcome<StoredDlr>> {
    const { attempt, data, interrupted } = job;
    const { maxAttempts } = this.options;
    const dlr = reportOf(data);
    const isSuspect = interrupted || data.isSuspect === true;
    // A suspect gets one more attempt: another report may have ended the process during the first one.
    const most = isSuspect ? maxAttempts + 1 : maxAttempts;
    if (attempt > most) return this.#giveUp(job, interrupted ? ENDED : data.reason, most);
    if (interrupted) {
      this.#logger.warn(
        `Delivery report ${dlr.id} (account ${dlr.account}) is redelivered alone: ${ENDED}, attempt ${attempt - 1} of ${maxAttempts}`,
      );
    }
    // Durably marked before it starts: of interrupted attempts, only a marked one counts.
    const begin = (): Promise<void> => job.atWork(true);
    const result = await this.dispatcher.deliver(dlr, () => job.isHeld(), { begin, isSuspect });
    if (result.kind === 'handled') return { kind: 'done' };
    if (result.kind === 'stopped') return { kind: 'again', inMs: 0, uncounted: true };
    const reason = describeThrown(result.error);
    if (attempt >= maxAttempts) return this.#giveUp(job, reason, attempt);
    const inMs = retryDelayMs(this.options.retryDelayMs, attempt);
    this.#logger.warn(
      `A listener failed on delivery report ${dlr.id} (account ${dlr.account}), attempt ${attempt} of ${maxAttempts}: ${reason}; it is redelivered in ${inMs} ms`,
    );
    return { kind: 'again', inMs, data: { dlr, reason } };
  }

  async #giveUp(job: Job<StoredDlr>, reason: string, attempts: number): Promise<JobOutcome<StoredDlr>> {
    const dlr = reportOf(job.data);
    this.#logger.error(
      `Giving up delivery report ${dlr.id} (account ${dlr.account}): its listener failed ${attempts} times, the last time with ${reason}. It is kept as failed`,
    );
    const announce = async (): Promise<void> => void (await this.publisher.failed({ dlr, attempts, reason }));
    if (!job.interrupted) await announce();
    // A listener of `oursms.dlr.failed` may be what ends the process: it runs alone, and once more at most.
    else if (job.attempt <= this.options.maxAttempts + 3) {
      const begin = (): Promise<void> => job.atWork(true);
      const options = { begin, isSuspect: true, deliver: announce };
      const { kind } = await this.dispatcher.deliver(dlr, () => job.isHeld(), options);
      if (kind === 'stopped') return { kind: 'again', inMs: 0, uncounted: true };
    }
    return { kind: 'failed', reason, data: { dlr, reason, attempts } };
  }
}

/** Milliseconds until the next attempt: exponential backoff with jitter, up to a quarter of an hour. */
export function retryDelayMs(firstMs: number, attempt: number): number {
  const wait = Math.min(firstMs * 2 ** Math.min(attempt - 1, 30), Math.max(MAX_DELAY_MS, firstMs));
  return Math.round(wait / 2 + (Math.random() * wait) / 2);
}
