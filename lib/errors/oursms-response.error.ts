import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The gateway answered with success, but the answer cannot be read: empty, cut, too large, HTML, or of an unknown shape.
 * `outcome` is `unknown`.
 */
export class OurSmsResponseError extends OurSmsError {
  override readonly name = 'OurSmsResponseError';
  /** The HTTP status of the answer. */
  readonly httpStatus: number;
  readonly #raw: string;
  readonly #rawEncoding: 'utf8' | 'base64';

  constructor(
    message: string,
    details: OurSmsErrorDetails & { httpStatus: number; raw: string; rawEncoding?: 'utf8' | 'base64' },
  ) {
    super(message, details);
    this.httpStatus = details.httpStatus;
    this.#raw = details.raw;
    this.#rawEncoding = details.rawEncoding ?? 'utf8';
  }

  /**
   * The received part of the answer: its text, decompressed and read in its charset, or its bytes in base64 when
   * {@link rawEncoding} says so. After a download it may hold reports that the gateway has deleted, so
   * keep it; it holds phone numbers, which is why it is in no log, no `toJSON()` and nothing that `util.inspect` shows.
   */
  rawBody(): string {
    return this.#raw;
  }

  /** How {@link rawBody} gives it: `utf8` for text, `base64` for the bytes as they came, which no text could be read from. */
  get rawEncoding(): 'utf8' | 'base64' {
    return this.#rawEncoding;
  }
}
