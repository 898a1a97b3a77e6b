import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * Too many sends of this process are waiting (`rate.maxWaiting`), so this send was refused.
 *
 * `outcome` is `notSent` and `retryable` is true: send the message again when fewer sends are waiting.
 */
export class OurSmsBusyError extends OurSmsError {
  override readonly name = 'OurSmsBusyError';

  constructor(message: string, details: OurSmsErrorDetails) {
    super(message, details);
  }
}
