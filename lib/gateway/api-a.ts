import { credentialsOf, type GatewayAuth } from './account.js';
import type { WireMessage } from './call.js';
import type { Dialect, DialectRequest } from './dialect.js';
import type { ExtraParameters, SendMethod } from './wire-options.js';
import { encodeForm } from './encode-form.js';
import { messageParameters } from './message-parameters.js';

type Value = string | number | boolean | readonly string[];

/** The API of the document: the credentials are parameters of forms and queries. @see OurSMS HTTP API */
export class ApiA implements Dialect {
  readonly sendMethods = ['POST', 'GET'] as const;
  readonly #credentials: string;

  constructor(auth: GatewayAuth) {
    this.#credentials = encodeForm(credentialsOf(auth));
  }

  /** @see OurSMS HTTP API, "1. Send Message" */
  send(message: WireMessage, method: SendMethod, extra?: ExtraParameters): DialectRequest {
    const parameters = messageParameters(message, extra).map(([name, value]) => [name, onWire(value)] as const);
    const form = this.#form(encodeForm(parameters));
    if (method === 'GET') return { method, path: `/msgs?${form}` };
    return { method, path: '/msgs', data: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } };
  }

  /** @see OurSMS HTTP API, "2. Download Dlrs" */
  downloadDlrs(count: number | undefined): DialectRequest {
    return { method: 'GET', path: `/inbox/dlrs?${this.#form(count === undefined ? '' : `count=${count}`)}` };
  }

  /** @see OurSMS HTTP API, "3. Get Credits Balance" */
  getCredits(): DialectRequest {
    return { method: 'GET', path: `/billing/credits?${this.#credentials}` };
  }

  #form(parameters: string): string {
    return parameters === '' ? this.#credentials : `${this.#credentials}&${parameters}`;
  }
}

/** Booleans become 0 or 1; a list is joined with commas. */
function onWire(value: Value): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
