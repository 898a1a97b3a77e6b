/** State of a job without its data, stored in the list that contains the job. */
export interface JobState {
  attempts: number;
  /** Consecutive rejections of its handler. */
  faults?: number;
  interrupted?: boolean;
  /** It is delivered, and its handler has not started to work. */
  idle?: boolean;
  /** When the first interrupted attempt, or else the current one, started: milliseconds since 1970. */
  startedAt?: number;
  /** The mark that its handler set at that start. */
  mark?: string;
}

/** A job as it is stored. */
export interface JobRecord<T> {
  id: string;
  /** Milliseconds since 1970. */
  addedAt: number;
  data: T;
}

/** A failed job as it is stored. */
export interface FailedRecord<T> {
  id: string;
  data: T;
  attempts: number;
  reason: string;
  failedAt: number;
}
