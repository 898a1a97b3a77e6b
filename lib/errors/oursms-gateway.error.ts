import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * Why the gateway refused, as far as its code and HTTP status tell.
 *
 * `auth`: wrong credentials, or an API key that may not be used from this address. `balance`: not enough credits. `sender`: the sender name (`src`) is not allowed. `routing`:
 * the number's prefix or the message class is not supported. `content`: the request or its text was refused. `rateLimit`:
 * too many requests. `server`: a fault of the gateway. `other`: anything else.
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
 * The gateway answered, and the answer is a failure.
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
  /** Kind of the failure. */
  readonly kind: GatewayErrorKind;
  /** The gateway's own error code, when it sent one. */
  readonly code?: number | string;
  /** The gateway's own description, when it sent one: shortened, with secrets, numbers and the text taken out. */
  readonly description?: string;
  /** How long the gateway asks to wait before the next try, in milliseconds (its `Retry-After` header). */
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
