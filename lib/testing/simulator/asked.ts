import type { Account } from './account-book.js';
import type { SendParameters } from './send-parameters.js';

/** A request that was understood, whichever API it came by. */
export interface Asked {
  account: Account;
  /** Of a send. */
  message?: SendParameters;
  /** Rows wanted, of a call that lists something. */
  count?: number;
}
