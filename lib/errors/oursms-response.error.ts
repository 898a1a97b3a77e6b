import { OurSmsError, type OurSmsErrorDetails } from './oursms.error.js';

/**
 * The gateway answered with success, but the answer cannot be read: it is empty, cut, too large, HTML, or has an unknown format.
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
   * The received part of the answer: its decoded text, or its bytes in base64 (see {@link rawEncoding}). After a download it may
   * contain reports that the gateway has deleted: store it. It contains phone numbers, so logs, `toJSON()` and `util.inspect` omit it.
   */
  rawBody(): string {
    return this.#raw;
  }

  /** Encoding of {@link rawBody}: `utf8` for text; `base64` for raw bytes that could not be decoded as text. */
  get rawEncoding(): 'utf8' | 'base64' {
    return this.#rawEncoding;
  }
}
