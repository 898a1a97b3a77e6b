import { OurSmsError } from './oursms.error.js';

/**
 * Fault of a store.
 *
 * `locked`: another process has opened it. `notWritable`: the directory cannot be created or written. `full`: the disk or the memory
 * is full. `corrupt`: its content cannot be read. `closed`: the application has closed it. `unreachable`: its server does not answer.
 * `unsuited`: it can never work with its configuration, or a newer version wrote it. `failed`: any other error.
 */
export type StorageFault =
  'locked' | 'notWritable' | 'full' | 'corrupt' | 'closed' | 'unreachable' | 'unsuited' | 'failed';

/** Faults that a retry does not cure. */
const LASTING: readonly StorageFault[] = ['corrupt', 'closed', 'unsuited'];

/** The store cannot be opened, read or written. Meanwhile no report is downloaded. */
export class OurSmsStorageError extends OurSmsError {
  override readonly name = 'OurSmsStorageError';
  /** Fault of the store, such as `locked` or `full`. */
  readonly fault: StorageFault;
  /** The directory; undefined when the store has none. */
  readonly path?: string;

  constructor(message: string, details: { fault: StorageFault; path?: string }) {
    super(message, { outcome: 'notSent', retryable: !LASTING.includes(details.fault) });
    this.fault = details.fault;
    this.path = details.path;
  }
}
