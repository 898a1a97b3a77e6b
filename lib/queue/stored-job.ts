import { keyPart } from './key-part.js';

/** State of a job besides its data, kept in the list that the job is in. */
export interface JobState {
  attempts: number;
  /** How often in a row its handler has rejected. */
  faults?: number;
  interrupted?: boolean;
  /** It is delivered, and its handler has not begun yet. */
  idle?: boolean;
  /** When it was delivered: milliseconds since 1970. Of several tries that were interrupted, the first. */
  startedAt?: number;
  /** Mark of its handler at that time. */
  mark?: string;
}

/** A job as it is kept. */
export interface JobRecord<T> {
  id: string;
  /** Milliseconds since 1970. */
  addedAt: number;
  data: T;
}

/** A failed job as it is kept. */
export interface FailedRecord<T> {
  id: string;
  data: T;
  attempts: number;
  reason: string;
  failedAt: number;
}

const DIGITS = 15;
const LARGEST = 10 ** DIGITS - 1;

/** Of a fixed length, so that keys stand in the order of their numbers. */
const digits = (number: number): string =>
  String(Math.min(LARGEST, Math.max(0, Math.floor(number) || 0))).padStart(DIGITS, '0');

/** A list that a queue keeps. */
export type JobList = 'id' | 'data' | 'ready' | 'later' | 'active' | 'failed';

/**
 * The keys of a queue's records. Jobs are numbered as they are added, so that what is written next stands together: keys in
 * random order cost LevelDB many times the work.
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

  /** The counters. */
  get meta(): string {
    return `${this.#prefix}meta`;
  }

  /** The number of the job that has a name. */
  id(id: string): string {
    return `${this.list('id')}${id}`;
  }

  data(number: number): string {
    return `${this.list('data')}${digits(number)}`;
  }

  /** Waits for its turn. */
  ready(number: number): string {
    return `${this.list('ready')}${digits(number)}`;
  }

  /** Waits for a time. */
  later(at: number, number: number): string {
    return `${this.list('later')}${digits(at)}!${digits(number)}`;
  }

  /** Delivered to a handler. */
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

/** The end of a list: above all of its keys, and below those of any other list. */
export const endOf = (list: string): string => `${list.slice(0, -1)}"`;

/** The number at the end of a key. */
export const numberOf = (key: string): number => Number(key.slice(-DIGITS));

/** When a job that waits for a time is due. */
export const dueOf = (key: string): number => Number(key.slice(-2 * DIGITS - 1, -DIGITS - 1));
