import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The gateway could not be reached, the connection broke, or an interceptor of the application failed: then its error is the
 * `cause`, by its name and its message alone.
 *
 * `outcome` is `notSent` when no byte of the request left this machine (refused, DNS, unreachable, TLS, connect
 * time-out, an interceptor before it), and `unknown` when it failed after that.
 */
export class OurSmsConnectionError extends OurSmsError {
  override readonly name = 'OurSmsConnectionError';
  /** The system's code, such as `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET` or `UND_ERR_CONNECT_TIMEOUT`. */
  readonly code?: string;

  constructor(message: string, details: OurSmsErrorDetails & { code?: string }) {
    super(message, details);
    this.code = details.code;
  }
}
