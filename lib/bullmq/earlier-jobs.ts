import type { Job as BullJob } from 'bullmq';
import type { BullMqDeliveries, BullMqParts } from './bull-mq-deliveries.js';
import { valuesOf } from './job-records.js';
import { jobName } from './redis-keys.js';

/** Name of the jobs of version 0.1.0 in BullMQ, which held all of a job. */
const NAME = 'job';
const STATES = ['active', 'wait', 'prioritized', 'delayed', 'failed'] as const;
/** Jobs that are read at a time. */
const PAGE = 100;

/** A job of version 0.1.0. */
interface EarlierJob {
  delivery: string;
  /** JSON. */
  data: string;
  attempts: number;
  addedAt: number;
  /** When a try began that may have ended without an outcome. */
  interruptedAt?: number;
  /** It is kept as failed. */
  failure?: { reason: string; failedAt: number };
}

/** Makes records of the jobs that version 0.1.0 left in a queue of BullMQ. Done twice, it changes nothing. */
export async function takeOverEarlierJobs(
  parts: BullMqParts,
  queue: string,
  deliveries: BullMqDeliveries,
): Promise<void> {
  const earlier: EarlierJob[] = [];
  // All are read before the first is taken over.
  for (const state of STATES) {
    for (let from = 0; ; from += PAGE) {
      const start = from;
      const page = await deliveries.ask((jobs) => jobs.getJobs([state], start, start + PAGE - 1, true));
      earlier.push(...page.filter((job) => job?.name === NAME).map((job) => earlierJob(job, state)));
      if (page.length < PAGE) break;
    }
  }
  for (const job of earlier) await takeOver(parts, queue, job);
}

/** The record names the delivery that BullMQ has of the job already. */
async function takeOver({ link, keys }: BullMqParts, queue: string, earlier: EarlierJob): Promise<void> {
  const { delivery, data, attempts, addedAt, interruptedAt, failure } = earlier;
  const { live, failed, jobs } = keys.queue(queue);
  const id = jobName(delivery);
  const job = jobs + id;
  const fields = { delivery, data, tries: failure ? 0 : attempts, due: '', since: interruptedAt ?? '' };
  await link.run(async (redis) => {
    if ((await redis.exists(job)) === 1) return;
    const write = redis.multi();
    if (failure) {
      write.hset(job, { ...fields, failedAs: attempts, reason: failure.reason }).zadd(failed, failure.failedAt, id);
    } else write.hset(job, fields).zadd(live, addedAt, id);
    valuesOf(await write.exec());
  });
}

/** Reads a job of version 0.1.0. */
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
