import { oneLine } from './one-line.js';
import { OurSmsError } from './oursms.error.js';

/** A field that was refused, and why. The reason never quotes the value. */
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
 * The module is set up wrongly. Thrown once, at bootstrap, naming every faulty option and showing no value; and by calls that
 * the options of the account do not allow.
 */
export class OurSmsConfigError extends OurSmsError {
  override readonly name = 'OurSmsConfigError';
  /** Every faulty option; empty when the fault is in how the module was registered. */
  readonly faults: readonly Fault[];

  constructor(message: string, faults: readonly Fault[] = []) {
    super(message, { outcome: 'notSent', retryable: false });
    this.faults = faults;
  }
}
