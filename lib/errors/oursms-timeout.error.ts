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
  readonly #rawEncoding: 'utf8' | 'base64';

  constructor(
    message: string,
    details: OurSmsErrorDetails & { timeoutMs: number; raw: string; rawEncoding?: 'utf8' | 'base64' },
  ) {
    super(message, details);
    this.timeoutMs = details.timeoutMs;
    this.#raw = details.raw;
    this.#rawEncoding = details.rawEncoding ?? 'utf8';
  }

  /** The received part of the answer, often empty: as text, or in base64 when {@link rawEncoding} says so. As with `OurSmsResponseError.rawBody()`, it may hold deleted reports. */
  rawBody(): string {
    return this.#raw;
  }

  /** How {@link rawBody} gives it: `utf8` for text, `base64` for the bytes as they came, which no text could be read from. */
  get rawEncoding(): 'utf8' | 'base64' {
    return this.#rawEncoding;
  }
}
