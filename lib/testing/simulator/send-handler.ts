import { randomBytes } from 'node:crypto';
import { describeText } from '../../message/describe-text.js';
import { roundCredits, type Account } from './account.js';
import type { Job, MessageQueue } from './message-queue.js';
import { SIMULATOR_ERROR_CODES } from './refusal.js';
import type { SendParameters } from './send-parameters.js';
import type { SimulatorLedger } from './simulator-ledger.js';
import type { SimulatorEngineOptions } from './simulator.options.js';

/** The answer of 200 to "1. Send Message". `total` = `accepted` + `rejected` + `duplicates`. */
interface SendAnswer {
  jobId: string;
  total: number;
  accepted: number;
  rejected: number;
  duplicates: number;
  cost: number;
  acceptedMsgs?: { msgId: string; dest: string }[];
  rejectedMsgs: { dest: string; errorCode: number; message: string }[];
}

/** Executes requests to send: refuses or charges them, and adds accepted messages to the queue. */
export class SendHandler {
  /** Part of all ids, so that a restarted simulator does not repeat them. */
  readonly #run = randomBytes(4).toString('hex');
  readonly #isUnroutable: (dest: string) => boolean;
  #jobs = 0;
  #messages = 0;

  constructor(
    private readonly options: SimulatorEngineOptions,
    private readonly queue: MessageQueue,
    private readonly ledger: SimulatorLedger,
  ) {
    const { unroutable } = options;
    this.#isUnroutable =
      typeof unroutable === 'function' ? unroutable : (dest) => unroutable.some((prefix) => dest.startsWith(prefix));
  }

  /** @throws Refusal when the whole request is refused. */
  send(account: Account, { dests, ...parameters }: SendParameters, now: number): SendAnswer {
    account.checkSender(parameters.src);
    const job: Job = {
      ...parameters,
      account,
      jobId: `${this.#run}-job-${++this.#jobs}`,
      parts: describeText(parameters.body).parts,
      acceptedAt: now,
    };

    const distinct = new Set(dests);
    const rejected = [...distinct].filter((dest) => this.#isUnroutable(dest));
    for (const dest of rejected) distinct.delete(dest);
    for (const dest of this.queue.duplicates(job, distinct)) distinct.delete(dest);

    const isCancelled = job.maxParts > 0 && job.parts > job.maxParts;
    const cost = isCancelled ? 0 : roundCredits(distinct.size * job.parts * this.options.price);
    account.charge(cost);

    const duplicates = dests.length - rejected.length - distinct.size;
    this.ledger.totals.rejected += rejected.length;
    this.ledger.totals.duplicates += duplicates;
    const acceptedMsgs = [...distinct].map((dest, index) => ({ msgId: this.#accept(job, dest, index), dest }));
    return {
      jobId: job.jobId,
      total: dests.length,
      accepted: distinct.size,
      rejected: rejected.length,
      duplicates,
      cost,
      acceptedMsgs: this.options.acceptedMsgs ? acceptedMsgs : undefined,
      rejectedMsgs: rejected.map((dest) => ({
        dest,
        errorCode: SIMULATOR_ERROR_CODES.prefix,
        message: 'prefix not supported',
      })),
    };
  }

  #accept(job: Job, dest: string, index: number): string {
    const msgId = `${this.#run}-${++this.#messages}`;
    this.queue.accept(job, { dest, index, msgId });
    return msgId;
  }
}
