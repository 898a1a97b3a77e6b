import type { WireMessage } from './call.js';
import type { WireRequest } from './transport.js';
import type { ExtraParameters, SendMethod } from './wire-options.js';

/** The request of a call. `path`: below the base URL, with the query. */
export interface DialectRequest extends Pick<WireRequest, 'method' | 'data'> {
  path: string;
  /** Only the headers that are not the same for all requests. */
  headers?: Record<string, string>;
}

/** Makes the requests of one of the provider's two APIs. The answers of both are read by the same functions. */
export interface Dialect {
  /** The HTTP methods that a send may use. */
  readonly sendMethods: readonly SendMethod[];
  send(message: WireMessage, method: SendMethod, extra: ExtraParameters | undefined): DialectRequest;
  downloadDlrs(count: number | undefined): DialectRequest;
  getCredits(): DialectRequest;
  /** Undefined when the API does not have this call. */
  whoAmI?(): DialectRequest;
  /** Undefined when the API does not have this call. */
  getSenders?(): DialectRequest;
}
