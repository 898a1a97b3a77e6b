import { OurSmsConnectionError } from '../errors/oursms-connection.error.js';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';

/** `away`: it cannot be reached, gives no answer that can be read, or answers with a 5xx. */
export type GatewayState = 'answers' | 'refusesCredentials' | 'away';

/**
 * State of the gateway by the last call about the account itself: a download of reports, or the credits. A send says nothing of
 * it: the gateway may refuse what its caller wrote.
 */
export class GatewayStanding {
  #state: GatewayState | undefined;

  /** Undefined before the first call. */
  get state(): GatewayState | undefined {
    return this.#state;
  }

  /** Notes how a call ended. @param error Its error; none when the gateway answered well. */
  note(error?: unknown): void {
    this.#state = error === undefined ? 'answers' : (stateBy(error) ?? this.#state);
  }
}

/** Undefined for an error that says nothing of the gateway, such as that of a call after the application was closed. */
function stateBy(error: unknown): GatewayState | undefined {
  if (error instanceof OurSmsGatewayError) {
    if (error.kind === 'auth') return 'refusesCredentials';
    return error.kind === 'server' ? 'away' : 'answers';
  }
  const isAway = [OurSmsConnectionError, OurSmsTimeoutError, OurSmsResponseError].some((type) => error instanceof type);
  return isAway ? 'away' : undefined;
}
