import { describeFaults, type Fault } from './oursms-config.error.js';
import { OurSmsError, type Operation } from './oursms.error.js';

/** A call was refused before anything was sent, because what was passed breaks a rule of the API. */
export class OurSmsValidationError extends OurSmsError {
  override readonly name = 'OurSmsValidationError';
  /** Every fault found, not only the first. Numbers are masked. */
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
