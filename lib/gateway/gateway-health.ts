import { OurSmsConnectionError } from '../errors/oursms-connection.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';

/** `away`: the gateway cannot be reached, or its answer cannot be read or is a 5xx. */
export type GatewayState = 'answers' | 'refusesCredentials' | 'away';

/**
 * State of the gateway by the last download of reports or read of the credits. Sends do not count: the gateway may have
 * refused their parameters.
 */
export class GatewayHealth {
  #state: GatewayState | undefined;

  /** Undefined before the first call. */
  get state(): GatewayState | undefined {
    return this.#state;
  }

  /** Notes the end of a call. @param error Its error; undefined after a success. */
  note(error?: unknown): void {
    this.#state = error === undefined ? 'answers' : (stateBy(error) ?? this.#state);
  }
}

/** Undefined for an error that does not depend on the gateway, such as one of a closed application. */
function stateBy(error: unknown): GatewayState | undefined {
  if (error instanceof OurSmsGatewayError) {
    if (error.kind === 'auth') return 'refusesCredentials';
    return error.kind === 'server' ? 'away' : 'answers';
  }
  const isAway = [OurSmsConnectionError, OurSmsTimeoutError, OurSmsResponseError].some((type) => error instanceof type);
  return isAway ? 'away' : undefined;
}
