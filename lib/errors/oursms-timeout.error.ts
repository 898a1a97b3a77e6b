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
  readonly #raw: string;

  constructor(message: string, details: OurSmsErrorDetails & { timeoutMs: number; raw: string }) {
    super(message, details);
    this.timeoutMs = details.timeoutMs;
    this.#raw = details.raw;
  }

  /** The text that had been received, often none. As with `OurSmsResponseError.rawBody()`, it may hold deleted reports. */
  rawBody(): string {
    return this.#raw;
  }
}
