import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The gateway could not be reached, the connection broke, or an interceptor of the application failed. The `cause` is set only for
 * an interceptor: it has the name and the message of its error.
 *
 * `outcome` is `notSent` when no byte of the request left this machine (refused, DNS, unreachable, TLS, connect
 * time-out, an interceptor before the request left), and `unknown` after that.
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
