import type { Account } from './account.js';
import type { SendParameters } from './send-parameters.js';

/** A valid request of either API. */
export interface ParsedRequest {
  account: Account;
  /** Parameters of a send. */
  message?: SendParameters;
  /** Maximum of rows to return, of a call that lists something. */
  count?: number;
}
