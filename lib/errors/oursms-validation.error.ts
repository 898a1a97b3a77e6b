import { describeFaults, type Fault } from './oursms-config.error.js';
import { OurSmsError, type Operation } from './oursms.error.js';

/** The parameters of a call break a rule of the API. No request was made. */
export class OurSmsValidationError extends OurSmsError {
  override readonly name = 'OurSmsValidationError';
  /** All faults, not only the first. Numbers are masked. */
  readonly faults: readonly Fault[];

  constructor(operation: Operation, account: string, faults: readonly Fault[]) {
    super(`${operation} (account ${account}): ${describeFaults(faults)}. The request was not made.`, {
      outcome: 'notSent',
      retryable: false,
      operation,
      account,
    });
    this.faults = faults;
  }
}
