import { oneLine } from './one-line.js';
import { OurSmsError } from './oursms.error.js';

/** A refused field and the reason. The reason never shows the value. */
export interface Fault {
  /** The path of the field, such as `http.timeoutMs` or `dests[3]`. */
  field: string;
  /** The fault, and the expected value. */
  reason: string;
}

/** Faults as one line: `field: reason; field: reason`. */
export function describeFaults(faults: readonly Fault[]): string {
  return oneLine(faults.map(({ field, reason }) => `${field}: ${reason}`).join('; '));
}

/**
 * The module is configured wrongly. Thrown once at bootstrap, with the names of all faulty options and no values. Also thrown by calls
 * that the options of the account do not allow.
 */
export class OurSmsConfigError extends OurSmsError {
  override readonly name = 'OurSmsConfigError';
  /** All faulty options; empty when the registration of the module is wrong. */
  readonly faults: readonly Fault[];

  constructor(message: string, faults: readonly Fault[] = []) {
    super(message, { outcome: 'notSent', retryable: false });
    this.faults = faults;
  }
}
