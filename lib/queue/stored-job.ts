/** What is known of a job besides its data, in each list that it stands in. */
export interface JobState {
  attempts: number;
  interrupted?: boolean;
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

const digits = (number: number): string => String(Math.max(0, Math.floor(number))).padStart(15, '0');

/**
 * The keys of a queue's records. Jobs are numbered as they are added, so that what is written next stands together: keys in
 * random order cost LevelDB many times the work.
 */
export class JobKeys {
  readonly #prefix: string;

  constructor(queue: string) {
    this.#prefix = `queue!${encodeURIComponent(queue)}!`;
  }

  /** The counters. */
  get meta(): string {
    return `${this.#prefix}meta`;
  }

  /** The number of the job that has a name. */
  id(id: string): string {
    return `${this.#prefix}id!${id}`;
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

  /** Is handed out. */
  active(number: number): string {
    return `${this.list('active')}${digits(number)}`;
  }

  failed(number: number): string {
    return `${this.list('failed')}${digits(number)}`;
  }

  /** What all keys of a list start with. */
  list(name: 'data' | 'ready' | 'later' | 'active' | 'failed'): string {
    return `${this.#prefix}${name}!`;
  }
}

/** The end of a list: above all of its keys. */
export const endOf = (list: string): string => `${list}~`;

/** The number at the end of a key. */
export const numberOf = (key: string): number => Number(key.slice(-15));

/** When a job that waits for a time is due. */
export const dueOf = (key: string): number => Number(key.slice(-31, -16));
