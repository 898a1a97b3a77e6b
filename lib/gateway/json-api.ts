import type { WireMessage } from './call.js';
import type { Dialect, DialectRequest } from './dialect.js';
import type { ExtraParameters } from './wire-options.js';
import { messageParameters } from './message-parameters.js';

/** Senders to ask for. No account with more has been seen. */
const MOST_SENDERS = 200;

/** The provider's newer API: JSON, with the API key in a header, so that no URL contains a secret. */
export class JsonApi implements Dialect {
  readonly sendMethods = ['POST'] as const;
  readonly #authorization: string;

  constructor(apiKey: string) {
    this.#authorization = `Bearer ${apiKey}`;
  }

  /** Values keep their JSON types: `dlr` is a boolean, `dests` an array. */
  send(message: WireMessage, _method: 'POST' | 'GET', extra?: ExtraParameters): DialectRequest {
    // Object.fromEntries keeps a parameter named `__proto__`; an assignment would lose it.
    const data = JSON.stringify(Object.fromEntries(messageParameters(message, extra)));
    const headers = { authorization: this.#authorization, 'content-type': 'application/json' };
    return { method: 'POST', path: '/msgs/sms', data, headers };
  }

  downloadDlrs(count: number | undefined): DialectRequest {
    return this.#get(count === undefined ? '/inbox/dlrs' : `/inbox/dlrs?count=${count}`);
  }

  getCredits(): DialectRequest {
    return this.#get('/billing/credits');
  }

  whoAmI(): DialectRequest {
    return this.#get('/users/me');
  }

  getSenders(): DialectRequest {
    return this.#get(`/addresses/srcs?count=${MOST_SENDERS}`);
  }

  #get(path: string): DialectRequest {
    return { method: 'GET', path, headers: { authorization: this.#authorization } };
  }
}
