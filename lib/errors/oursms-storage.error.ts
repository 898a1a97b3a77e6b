import { OurSmsError } from './oursms.error.js';

/**
 * Fault of a store.
 *
 * `locked`: another process has it open. `notWritable`: the directory cannot be made or written. `full`: there is no room.
 * `corrupt`: what it holds cannot be read. `closed`: the application has closed it. `unreachable`: its server does not answer.
 * `unsuited`: it can never be used as it is set up, or a newer version wrote it. `failed`: any other error.
 */
export type StorageFault =
  'locked' | 'notWritable' | 'full' | 'corrupt' | 'closed' | 'unreachable' | 'unsuited' | 'failed';

/** Faults that do not pass by themselves. */
const LASTING: readonly StorageFault[] = ['corrupt', 'closed', 'unsuited'];

/** The store cannot be opened, read or written. Nothing is taken from the gateway meanwhile. */
export class OurSmsStorageError extends OurSmsError {
  override readonly name = 'OurSmsStorageError';
  /** Fault of the store. */
  readonly fault: StorageFault;
  /** The directory; absent when there is none. */
  readonly path?: string;

  constructor(message: string, details: { fault: StorageFault; path?: string }) {
    super(message, { outcome: 'notSent', retryable: !LASTING.includes(details.fault) });
    this.fault = details.fault;
    this.path = details.path;
  }
}
