import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * No complete answer came within `http.timeoutMs`.
 *
 * `outcome` is `notSent` when the request was still waiting for a connection, and otherwise `unknown`.
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

  /**
   * The received part of the answer, often empty: its text, or its bytes in base64 (see {@link rawEncoding}). Like
   * `OurSmsResponseError.rawBody()`, it may contain reports that the gateway has deleted.
   */
  rawBody(): string {
    return this.#raw;
  }

  /** Encoding of {@link rawBody}: `utf8` for text; `base64` for raw bytes that could not be decoded as text. */
  get rawEncoding(): 'utf8' | 'base64' {
    return this.#rawEncoding;
  }
}
