import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The caller's `AbortSignal` ended the call; or the application was closed before the call; or this process was suspended for so
 * long that another process took over the request.
 *
 * `outcome` is `notSent` when the request had not left yet, and `unknown` when it was in flight. `retryable` is false once the
 * application is closed.
 */
export class OurSmsAbortedError extends OurSmsError {
  override readonly name = 'OurSmsAbortedError';

  constructor(message: string, details: OurSmsErrorDetails) {
    super(message, details);
  }
}
