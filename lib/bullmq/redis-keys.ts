import { randomBytes } from 'node:crypto';
import { keyPart } from '../queue/key-part.js';

/** The keys of an engine besides those of BullMQ. In braces: Redis Cluster keeps all keys with the same text there together. */
export class RedisKeys {
  readonly prefix: string;

  /** @param prefix Prefix of all keys. */
  constructor(prefix: string) {
    this.prefix = /\{.+\}/.test(prefix) ? prefix : `{${prefix}}`;
  }

  /** The names of the notes, in their order. */
  get noteNames(): string {
    return `${this.prefix}/notes`;
  }

  get noteTexts(): string {
    return `${this.prefix}/notes/texts`;
  }

  /** The format of all that is kept. */
  get format(): string {
    return `${this.prefix}/format`;
  }

  /** Holds nothing for longer than a millisecond: it is written to see whether that is possible. */
  get probe(): string {
    return `${this.prefix}/probe`;
  }

  lease(name: string): string {
    return `${this.prefix}/lease/${name}`;
  }

  turn(name: string): string {
    return `${this.prefix}/turn/${name}`;
  }

  /** A note that Redis forgets when its time is over. */
  expiring(name: string): string {
    return `${this.prefix}/expiring/${name}`;
  }

  /** Says for an hour that a list of jobs was added. */
  addition(id: string): string {
    return `${this.prefix}/addition/${id}`;
  }

  /** The keys of a queue. */
  queue(name: string): QueueKeys {
    const start = `${this.prefix}/queue/${bullQueueName(name)}`;
    return { live: `${start}/live`, failed: `${start}/failed`, unsent: `${start}/unsent`, jobs: `${start}/job/` };
  }
}

/** The keys of a queue, besides those of BullMQ. */
export interface QueueKeys {
  /** Jobs without an outcome, by the time at which they were added. */
  live: string;
  /** Failed jobs, by the time at which they failed. */
  failed: string;
  /** Deliveries that BullMQ may not know of yet. */
  unsent: string;
  /** What the key of each job starts with. */
  jobs: string;
}

/** The name of a queue in BullMQ, which forbids colons, and an empty name. */
export const bullQueueName = (name: string): string => keyPart(name) || '%';

/**
 * A new delivery of a job: its id in BullMQ, which forbids colons and numbers. No two are the same, so BullMQ cannot take the one
 * for the other.
 */
export const newDelivery = (id: string): string => `job-${keyPart(id)}!${randomBytes(6).toString('base64url')}`;

/** The name of the job of a delivery; one of version 0.1.0 ends with the name. */
export const jobName = (delivery: string): string =>
  decodeURIComponent(delivery.slice('job-'.length).split('!', 1)[0] ?? '');
