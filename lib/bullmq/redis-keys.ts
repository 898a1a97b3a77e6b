import { randomBytes } from 'node:crypto';
import { keyPart } from '../queue/key-part.js';

/** The keys of an engine, besides those of BullMQ. The prefix is in braces, as a hash tag. */
export class RedisKeys {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = /\{.+\}/.test(prefix) ? prefix : `{${prefix}}`;
  }

  /** A sorted set of the names of all notes. */
  get noteNames(): string {
    return `${this.prefix}/notes`;
  }

  get noteTexts(): string {
    return `${this.prefix}/notes/texts`;
  }

  /** The format mark. */
  get format(): string {
    return `${this.prefix}/format`;
  }

  /** Written to test whether Redis accepts writes. It expires after a millisecond. */
  get probe(): string {
    return `${this.prefix}/probe`;
  }

  lease(name: string): string {
    return `${this.prefix}/lease/${name}`;
  }

  turn(name: string): string {
    return `${this.prefix}/turn/${name}`;
  }

  /** A note that expires. */
  expiring(name: string): string {
    return `${this.prefix}/expiring/${name}`;
  }

  /** Exists for a time after the addition with this id. */
  addition(id: string): string {
    return `${this.prefix}/addition/${id}`;
  }

  queue(name: string): QueueKeys {
    const start = `${this.prefix}/queue/${bullQueueName(name)}`;
    return { live: `${start}/live`, failed: `${start}/failed`, unsent: `${start}/unsent`, jobs: `${start}/job/` };
  }
}

/** The keys of a queue, besides those of BullMQ. */
export interface QueueKeys {
  /** A sorted set of the jobs without an outcome, by the time when they were added. */
  live: string;
  /** A sorted set of the failed jobs, by the time when they failed. */
  failed: string;
  /** A sorted set of the deliveries that BullMQ may not have yet. */
  unsent: string;
  /** Prefix of the keys of jobs. */
  jobs: string;
}

/** The name of a queue in BullMQ, which forbids colons and empty names. */
export const bullQueueName = (name: string): string => keyPart(name) || '%';

/**
 * The id of a new delivery of a job in BullMQ, which forbids colons and plain numbers. Each delivery has a unique id, so BullMQ
 * cannot mistake one for another.
 */
export const newDelivery = (id: string): string => `job-${keyPart(id)}!${randomBytes(6).toString('base64url')}`;

/** The name of the job of a delivery. A delivery of version 0.1.0 has nothing after the name. */
export const jobName = (delivery: string): string =>
  decodeURIComponent(delivery.slice('job-'.length).split('!', 1)[0] ?? '');
