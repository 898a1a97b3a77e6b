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

  constructor(message: string, details: OurSmsErrorDetails & { httpStatus: number; raw: string }) {
    super(message, details);
    this.httpStatus = details.httpStatus;
    this.#raw = details.raw;
  }

  /**
   * The text that was received, as far as it came. After a download it may hold reports that the gateway has deleted, so
   * keep it; it holds phone numbers, which is why it is in no log, no `toJSON()` and nothing that `util.inspect` shows.
   */
  rawBody(): string {
    return this.#raw;
  }
}
