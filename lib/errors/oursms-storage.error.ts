import { OurSmsError } from './oursms.error.js';

/**
 * What is wrong with a store.
 *
 * `locked`: another process has it open. `notWritable`: the directory cannot be made or written. `full`: there is no room.
 * `corrupt`: what it holds cannot be read. `closed`: the application has closed it. `failed`: any other error of the disk.
 */
export type StorageFault = 'locked' | 'notWritable' | 'full' | 'corrupt' | 'closed' | 'failed';

/** The store cannot be opened, read or written. Nothing is taken from the gateway meanwhile. */
export class OurSmsStorageError extends OurSmsError {
  override readonly name = 'OurSmsStorageError';
  /** What is wrong with it. */
  readonly fault: StorageFault;
  /** The directory; absent when there is none. */
  readonly path?: string;

  constructor(message: string, details: { fault: StorageFault; path?: string }) {
    super(message, { outcome: 'notSent', retryable: details.fault !== 'corrupt' && details.fault !== 'closed' });
    this.fault = details.fault;
    this.path = details.path;
  }
}
