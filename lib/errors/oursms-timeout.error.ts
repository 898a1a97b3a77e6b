import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * No complete answer came within `http.timeoutMs`.
 *
 * `outcome` is `unknown`, but `notSent` when the request was still waiting for a free connection.
 */
export class OurSmsTimeoutError extends OurSmsError {
  override readonly name = 'OurSmsTimeoutError';
  /** The deadline that passed, in milliseconds. */
  readonly timeoutMs: number;

  constructor(message: string, details: OurSmsErrorDetails & { timeoutMs: number }) {
    super(message, details);
    this.timeoutMs = details.timeoutMs;
  }
}
