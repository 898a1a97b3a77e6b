import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * Kind of a failure, by the gateway's code and the HTTP status.
 *
 * `auth`: wrong credentials, or an API key that may not be used from this IP address. `balance`: not enough credits. `sender`: the
 * sender name (`src`) is not allowed. `routing`: the number's prefix or the message class is not supported. `content`: the request
 * or its text was refused. `rateLimit`: too many requests. `server`: a fault of the gateway. `other`: any other failure.
 */
export type GatewayErrorKind = 'auth' | 'balance' | 'sender' | 'routing' | 'content' | 'rateLimit' | 'server' | 'other';

/**
 * Fields of an {@link OurSmsGatewayError}.
 *
 * @inline
 */
export interface GatewayErrorDetails extends OurSmsErrorDetails {
  httpStatus: number;
  kind: GatewayErrorKind;
  code?: number | string;
  description?: string;
  retryAfterMs?: number;
}

/**
 * The gateway answered with a failure.
 *
 * `outcome` is `notSent` for a 4xx and for a known code inside a 200; `unknown` for a 5xx, a redirect and an unknown code
 * inside a 200.
 *
 * @see OurSMS HTTP API, "Result" of each section: a failed response has a JSON body with an error code and a description
 */
export class OurSmsGatewayError extends OurSmsError {
  override readonly name = 'OurSmsGatewayError';
  /** The HTTP status of the answer. It can be 200: the gateway also reports failures that way. */
  readonly httpStatus: number;
  /** Kind of the failure, such as `auth` or `balance`. */
  readonly kind: GatewayErrorKind;
  /** The gateway's error code; undefined when it sent none. */
  readonly code?: number | string;
  /** The gateway's description, shortened and without secrets, numbers and the message text; undefined when it sent none. */
  readonly description?: string;
  /** Milliseconds to wait before the next try, from the `Retry-After` header; undefined when the gateway sent none. */
  readonly retryAfterMs?: number;

  constructor(message: string, details: GatewayErrorDetails) {
    super(message, details);
    this.httpStatus = details.httpStatus;
    this.kind = details.kind;
    this.code = details.code;
    this.description = details.description;
    this.retryAfterMs = details.retryAfterMs;
  }
}
