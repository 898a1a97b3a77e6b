import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The caller's `AbortSignal` ended the call; or the process stood still so long that another has taken over what it was about to send.
 *
 * `outcome` is `notSent` when the request had not left yet, and `unknown` when it was on its way.
 */
export class OurSmsAbortedError extends OurSmsError {
  override readonly name = 'OurSmsAbortedError';

  constructor(message: string, details: OurSmsErrorDetails) {
    super(message, details);
  }
}
