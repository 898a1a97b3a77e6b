import { keyPart } from './key-part.js';

const DIGITS = 15;
const LARGEST = 10 ** DIGITS - 1;

/** Of a fixed length, so that keys sort by their numbers. */
const digits = (number: number): string =>
  String(Math.min(LARGEST, Math.max(0, Math.floor(number) || 0))).padStart(DIGITS, '0');

/** The lists of a queue. */
export type JobList = 'id' | 'data' | 'ready' | 'later' | 'active' | 'failed';

/**
 * The keys of a queue's records. Jobs are numbered in the order of their addition, so that new keys are next to each other: keys
 * in random order cost LevelDB many times the work.
 */
export class JobKeys {
  readonly #prefix: string;

  constructor(queue: string) {
    this.#prefix = `queue!${keyPart(queue)}!`;
  }

  /** Prefix of all keys. */
  get all(): string {
    return this.#prefix;
  }

  /** Key of the counters. */
  get meta(): string {
    return `${this.#prefix}meta`;
  }

  /** Key of the number of the job with this name. */
  id(id: string): string {
    return `${this.list('id')}${id}`;
  }

  data(number: number): string {
    return `${this.list('data')}${digits(number)}`;
  }

  /** Key of a job that waits without a delay. */
  ready(number: number): string {
    return `${this.list('ready')}${digits(number)}`;
  }

  /** Key of a delayed job. */
  later(at: number, number: number): string {
    return `${this.list('later')}${digits(at)}!${digits(number)}`;
  }

  /** Key of a job that is delivered to a handler. */
  active(number: number): string {
    return `${this.list('active')}${digits(number)}`;
  }

  failed(number: number): string {
    return `${this.list('failed')}${digits(number)}`;
  }

  /** Prefix of the keys of a list. */
  list(name: JobList): string {
    return `${this.#prefix}${name}!`;
  }
}

/** Upper bound of a list: after all of its keys, and before the keys of the next list. */
export const endOf = (list: string): string => `${list.slice(0, -1)}"`;

/** The number at the end of a key. */
export const numberOf = (key: string): number => Number(key.slice(-DIGITS));

/** When a delayed job is due, from its key. */
export const dueOf = (key: string): number => Number(key.slice(-2 * DIGITS - 1, -DIGITS - 1));
