/**
 * State of the message (or, for a download, of the reports) when an error was thrown.
 *
 * - `notSent`: the gateway did not act on the request. Nothing was sent, nothing was deleted.
 * - `unknown`: the request left this machine and no readable answer came. It may have been carried out.
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
  /** Error of the application's own code: its name and message, without secrets. */
  cause?: Error;
}

/**
 * The base of every error that this module throws.
 *
 * No error carries a password, a token, an API key, a message text or a full phone number: not in `message`, `stack`, `cause`,
 * `toJSON()` or what `util.inspect` shows.
 */
export abstract class OurSmsError extends Error {
  abstract override readonly name: string;
  /** Whether the message may have been sent. */
  readonly outcome: Outcome;
  /** Whether the same call can be made again as it is: it can do no harm, and the cause may have passed. */
  readonly retryable: boolean;
  /** The account (the `name` of its registration) that the call was made with; `default` for the unnamed one. */
  readonly account?: string;
  /** The call that failed; absent for faults that are found at bootstrap. */
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
