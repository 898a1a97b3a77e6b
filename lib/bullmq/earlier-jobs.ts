import type { Job as BullJob } from 'bullmq';
import type { BullMqDeliveries } from './bull-mq-deliveries.js';
import type { RedisChecks } from './redis-checks.js';
import { jobName, type QueueKeys, type RedisKeys } from './redis-keys.js';
import { resultsOf, type RedisLink } from './redis-link.js';

/** Name of the jobs of version 0.1.0 in BullMQ, which contained the whole job. */
const NAME = 'job';
const STATES = ['active', 'wait', 'prioritized', 'delayed', 'failed'] as const;
/** Jobs that are read with one command. */
const PAGE = 100;

/** A job of version 0.1.0. */
interface EarlierJob {
  delivery: string;
  /** JSON. */
  data: string;
  attempts: number;
  addedAt: number;
  /** When a try started that may have ended without an outcome. */
  interruptedAt?: number;
  /** Present when the job failed. */
  failure?: { reason: string; failedAt: number };
}

/** Makes records of the jobs that version 0.1.0 left in a queue of BullMQ. A repeated takeover changes nothing. */
export class EarlierJobs {
  readonly #keys: QueueKeys;
  #takenOver: Promise<void> | undefined;

  constructor(
    private readonly link: RedisLink,
    keys: RedisKeys,
    private readonly checks: RedisChecks,
    private readonly deliveries: BullMqDeliveries,
    queue: string,
  ) {
    this.#keys = keys.queue(queue);
  }

  /** Takes the jobs over, unless an earlier call did. @throws {OurSmsStorageError}, and the next call tries again */
  takeOver(): Promise<void> {
    this.#takenOver ??= this.#takeOverAll().catch((error: unknown) => {
      this.#takenOver = undefined;
      throw error;
    });
    return this.#takenOver;
  }

  async #takeOverAll(): Promise<void> {
    if (!(await this.link.run(async () => this.checks.hasEarlierJobs))) return;
    const earlier: EarlierJob[] = [];
    // All are read before the first is taken over.
    for (const state of STATES) {
      for (let from = 0; ; from += PAGE) {
        const start = from;
        const page = await this.deliveries.ask((jobs) => jobs.getJobs([state], start, start + PAGE - 1, true));
        earlier.push(...page.filter((job) => job?.name === NAME).map((job) => earlierJob(job, state)));
        if (page.length < PAGE) break;
      }
    }
    for (const job of earlier) await this.#takeOver(job);
  }

  /** The record gets the delivery that BullMQ already has. */
  async #takeOver({ delivery, data, attempts, addedAt, interruptedAt, failure }: EarlierJob): Promise<void> {
    const { live, failed, jobs } = this.#keys;
    const id = jobName(delivery);
    const job = jobs + id;
    const fields = { delivery, data, tries: failure ? 0 : attempts, due: '', since: interruptedAt ?? '' };
    await this.link.run(async (redis) => {
      if ((await redis.exists(job)) === 1) return;
      const write = redis.multi();
      if (failure) {
        write.hset(job, { ...fields, failedAs: attempts, reason: failure.reason }).zadd(failed, failure.failedAt, id);
      } else write.hset(job, fields).zadd(live, addedAt, id);
      resultsOf(await write.exec());
    });
  }
}

function earlierJob(job: BullJob, state: string): EarlierJob {
  const { oursms: attempts = 0 } = job.opts as { oursms?: number };
  const isDoubtful = state === 'active' || job.stalledCounter > 0;
  return {
    delivery: job.id ?? '',
    data: JSON.stringify(job.data),
    attempts: attempts + job.attemptsMade,
    addedAt: job.timestamp,
    interruptedAt: isDoubtful ? (job.processedOn ?? job.timestamp) : undefined,
    failure: state === 'failed' ? { reason: job.failedReason, failedAt: job.finishedOn ?? Date.now() } : undefined,
  };
}
