import { keyPart } from '../queue/key-part.js';

/** The keys of an engine besides those of BullMQ. In braces: Redis Cluster keeps all keys with the same text there together. */
export class RedisKeys {
  readonly prefix: string;

  /** @param prefix What all keys start with. */
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

  /** Holds nothing: it is only deleted. */
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
}

/** The name of a queue in BullMQ, which forbids colons, and an empty name. */
export const bullQueueName = (name: string): string => keyPart(name) || '%';

/** The id of a job in BullMQ, which forbids colons and numbers, and has keys of its own beside those of jobs. */
export const bullJobId = (id: string): string => `job-${keyPart(id)}`;

/** The name of the job that has an id in BullMQ. */
export const jobName = (bullId: string): string => decodeURIComponent(bullId.slice('job-'.length));
