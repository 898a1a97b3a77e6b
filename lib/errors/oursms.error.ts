/**
 * State of the message (or, for a download, of the reports) when an error was thrown.
 *
 * - `notSent`: the gateway did not act on the request. Nothing was sent, nothing was deleted.
 * - `unknown`: the request left this machine and no readable answer came. The gateway may have acted on it.
 */
export type Outcome = 'notSent' | 'unknown';

/** The call of the API that failed. */
export type Operation = 'send' | 'downloadDlrs' | 'getCredits' | 'whoAmI' | 'getSenders';

/**
 * Fields of every {@link OurSmsError} besides its message.
 *
 * @inline
 */
export interface OurSmsErrorDetails {
  outcome: Outcome;
  retryable: boolean;
  account?: string;
  operation?: Operation;
  /** The error of the application's code: only its name and message, without secrets. */
  cause?: Error;
}

/**
 * Base class of all errors of this module.
 *
 * No error carries a password, a token, an API key, a message text or a full phone number: not in `message`, `stack`, `cause`,
 * `toJSON()` or what `util.inspect` shows.
 */
export abstract class OurSmsError extends Error {
  abstract override readonly name: string;
  /** Whether the message may have been sent. */
  readonly outcome: Outcome;
  /** Whether the same call may be repeated unchanged: a repeat does no harm, and the cause may have passed. */
  readonly retryable: boolean;
  /** The account (the `name` of its registration) that the call was made with; `default` for the unnamed one. */
  readonly account?: string;
  /** The call that failed; undefined for errors at bootstrap. */
  readonly operation?: Operation;

  constructor(message: string, details: OurSmsErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.outcome = details.outcome;
    this.retryable = details.retryable;
    this.account = details.account;
    this.operation = details.operation;
  }

  /** The error's name, message and public fields, for structured logs. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries([['name', this.name], ['message', this.message], ...Object.entries(this)]);
  }
}
