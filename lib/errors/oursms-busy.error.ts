import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * So many sends of this process wait already (`rate.maxWaiting`) that one more is refused before anything is requested.
 *
 * `outcome` is `notSent` and `retryable` is true: send it again once fewer are waiting.
 */
export class OurSmsBusyError extends OurSmsError {
  override readonly name = 'OurSmsBusyError';

  constructor(message: string, details: OurSmsErrorDetails) {
    super(message, details);
  }
}
