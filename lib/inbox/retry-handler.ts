import { Logger } from '@nestjs/common';
import type { Job, Verdict } from '../queue/durable-queue.js';
import { describeThrown } from './describe-thrown.js';
import type { DlrPublisher } from './dlr-publisher.js';
import type { KeptDlr } from './kept-jobs.js';
import type { ReportLanes } from './report-lanes.js';
import { retryDelayMs } from './retry-delay.js';

/** What the handler of failed reports works with. */
export interface RetryHandlerParts {
  publisher: DlrPublisher;
  lanes: ReportLanes;
  retryDelayMs: number;
  maxAttempts: number;
}

/** Why a report is a suspect. */
export const ENDED = 'the process ended, or was suspended, while a listener had it';

/** Offers a report again whose listener failed, and gives it up after `maxAttempts`. */
export class RetryHandler {
  readonly #logger = new Logger('OurSmsDlrInbox');

  constructor(private readonly parts: RetryHandlerParts) {}

  /** The verdict on a report, when its listeners are done with it. */
  async handle(job: Job<KeptDlr>): Promise<Verdict<KeptDlr>> {
    const { attempt, data, interrupted } = job;
    const { lanes, maxAttempts } = this.parts;
    const { dlr } = data;
    const isSuspect = interrupted || data.isSuspect === true;
    if (attempt > maxAttempts) return this.#giveUp(interrupted ? { dlr, reason: ENDED } : data, attempt - 1);
    if (interrupted) {
      this.#logger.warn(
        `Delivery report ${dlr.id} (account ${dlr.account}) is delivered again, alone: ${ENDED}, attempt ${attempt - 1} of ${maxAttempts}`,
      );
    }
    // Marked durably first: an attempt that ends with the process counts, and no other does.
    const begin = (): Promise<void> => job.atWork(true);
    const result = await lanes.handOver(dlr, () => job.isHeld(), { begin, isSuspect });
    if (result.kind === 'handled') return { kind: 'done' };
    if (result.kind === 'stopped') return { kind: 'again', inMs: 0, uncounted: true };
    const reason = describeThrown(result.error);
    if (attempt >= maxAttempts) return this.#giveUp({ dlr, reason }, attempt);
    const inMs = retryDelayMs(this.parts.retryDelayMs, attempt);
    this.#logger.warn(
      `A listener failed on delivery report ${dlr.id} (account ${dlr.account}), attempt ${attempt} of ${maxAttempts}: ${reason}; again in ${inMs} ms`,
    );
    return { kind: 'again', inMs, data: { dlr, reason } };
  }

  async #giveUp({ dlr, reason }: KeptDlr, attempts: number): Promise<Verdict<KeptDlr>> {
    this.#logger.error(
      `Giving up delivery report ${dlr.id} (account ${dlr.account}): its listener failed ${attempts} times, the last time with ${reason}. It is kept as failed`,
    );
    await this.parts.publisher.failed({ dlr, attempts, reason });
    return { kind: 'failed', reason, data: { dlr, reason, attempts } };
  }
}
