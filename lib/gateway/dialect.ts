import type { WireMessage } from './call.js';
import type { WireRequest } from './transport.js';
import type { ExtraParameters, SendMethod } from './wire-options.js';

/** A call as a request: its path below the base URL, with its query. */
export interface DialectRequest extends Pick<WireRequest, 'method' | 'data'> {
  path: string;
  /** Headers besides those that are the same for all accounts. */
  headers?: Record<string, string>;
}

/** One of the two APIs of the provider: it writes calls as requests. The answers of both are read by the same readers. */
export interface Dialect {
  /** The methods that a send may have. */
  readonly sendMethods: readonly SendMethod[];
  send(message: WireMessage, method: SendMethod, extra: ExtraParameters | undefined): DialectRequest;
  downloadDlrs(count: number | undefined): DialectRequest;
  getCredits(): DialectRequest;
  /** Undefined: this API has no such call. */
  whoAmI?(): DialectRequest;
  /** Undefined: this API has no such call. */
  getSenders?(): DialectRequest;
}
