import { OurSmsAbortedError } from './oursms-aborted.error.js';
import type { Operation } from './oursms.error.js';

/** The error of a call on a closed application. Not retryable: every later call fails as well. */
export function closedError(operation: Operation, account: string): OurSmsAbortedError {
  return new OurSmsAbortedError(
    `${operation} (account ${account}): the application was closed before this call. Nothing was sent; make the call in a running application.`,
    { outcome: 'notSent', retryable: false, account, operation },
  );
}
