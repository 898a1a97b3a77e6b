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

/** Takes requests to send: what is refused, what it costs, what goes into the queue. */
export class SendHandler {
  /** Set apart for each simulator, so that a restarted one gives no identifier twice. */
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

  /** @throws Refusal when nothing of the request is taken. */
  send(account: Account, { dests, ...parameters }: SendParameters, now: number): SendAnswer {
    account.checkSender(parameters.src);
    const job: Job = {
      ...parameters,
      account,
      jobId: `${this.#run}-job-${++this.#jobs}`,
      parts: describeText(parameters.body).parts,
      acceptedAt: now,
    };

    const different = new Set(dests);
    const rejected = [...different].filter((dest) => this.#isUnroutable(dest));
    for (const dest of rejected) different.delete(dest);
    for (const twin of this.queue.twins(job, different)) different.delete(twin);

    const isCancelled = job.maxParts > 0 && job.parts > job.maxParts;
    const cost = isCancelled ? 0 : roundCredits(different.size * job.parts * this.options.price);
    account.charge(cost);

    const duplicates = dests.length - rejected.length - different.size;
    this.ledger.totals.rejected += rejected.length;
    this.ledger.totals.duplicates += duplicates;
    const acceptedMsgs = [...different].map((dest, index) => ({ msgId: this.#accept(job, dest, index), dest }));
    return {
      jobId: job.jobId,
      total: dests.length,
      accepted: different.size,
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
