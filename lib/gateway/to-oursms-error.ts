import { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import { OurSmsConnectionError } from '../errors/oursms-connection.error.js';
import type { OurSmsError, Outcome } from '../errors/oursms.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';
import type { Call } from './call.js';
import { TransportFault, type RequestTrace } from './transport.js';

/** The steps before a connection is ready: an error of one of these proves that nothing was sent. */
const CONNECT_STEPS: readonly unknown[] = ['connect', 'getaddrinfo'];

/**
 * The error of a call that ended without a whole answer. Nothing of the original leaves this room: an AxiosError holds the
 * URL, the headers and the body of the request.
 *
 * @param ownTransport whether the request was given to our transport, whose trace can be relied on
 */
export function toOurSmsError(thrown: unknown, call: Call, trace: RequestTrace, ownTransport: boolean): OurSmsError {
  const outcome = outcomeOf(thrown, trace, ownTransport);
  if (isCancelled(thrown)) return abortedError(call, outcome, "the caller's signal ended the call");
  if (!(thrown instanceof TransportFault)) return foreignError(thrown, call, outcome);
  const { timeoutMs, maxResponseBytes } = call.account;
  switch (thrown.reason) {
    case 'timeout': {
      const late = outcome === 'notSent' ? 'no connection was ready' : 'no complete answer came';
      const message = call.sentence(`${late} within ${timeoutMs} ms`, outcome);
      return new OurSmsTimeoutError(message, { ...call.details(outcome, true), timeoutMs, raw: thrown.received });
    }
    case 'withdrawn':
      return abortedError(call, outcome, 'this process has lost its turn to another before the request left');
    case 'tooLarge':
      return unreadableAnswer(call, thrown.httpStatus, thrown.received, `it is larger than ${maxResponseBytes} bytes`);
    default:
      if (isSuccess(thrown.httpStatus)) return unreadableAnswer(call, thrown.httpStatus, thrown.received, 'it was cut');
      return connectionError(call, outcome, thrown.code);
  }
}

/** The error of an answer that came but cannot be read. */
export function unreadableAnswer(call: Call, httpStatus = 0, raw: string, why: string): OurSmsResponseError {
  const message = call.sentence(
    `the gateway answered HTTP ${httpStatus}, and its body cannot be read: ${why}`,
    'unknown',
  );
  return new OurSmsResponseError(message, { ...call.details('unknown', true), httpStatus, raw });
}

function abortedError(call: Call, outcome: Outcome, happened: string): OurSmsAbortedError {
  return new OurSmsAbortedError(call.sentence(happened, outcome), call.details(outcome, true));
}

function connectionError(call: Call, outcome: Outcome, code: string | undefined): OurSmsConnectionError {
  const happened =
    outcome === 'notSent' ? 'the gateway could not be reached' : 'the connection broke before an answer came';
  return new OurSmsConnectionError(call.sentence(`${happened} (${code ?? 'no code'})`, outcome), {
    ...call.details(outcome, true),
    code,
  });
}

/** What an interceptor, or an adapter that the application put in, threw. Only its code is repeated. */
function foreignError(thrown: unknown, call: Call, outcome: Outcome): OurSmsConnectionError {
  const code = (thrown as { code?: unknown } | undefined)?.code;
  return connectionError(call, outcome, typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : undefined);
}

function outcomeOf(thrown: unknown, trace: RequestTrace, ownTransport: boolean): Outcome {
  if (trace.phase === 'started') return 'unknown';
  if (trace.phase === 'waiting') return 'notSent';
  const { cause, syscall, isAxiosError } = (thrown ?? {}) as {
    cause?: { syscall?: unknown };
    syscall?: unknown;
    isAxiosError?: unknown;
  };
  // Our transport never saw it: an interceptor threw, unless the error comes from another adapter.
  if (ownTransport && (isAxiosError !== true || isCancelled(thrown))) return 'notSent';
  return CONNECT_STEPS.includes(syscall ?? cause?.syscall) ? 'notSent' : 'unknown';
}

/** Ended by the caller's signal: our transport's own fault, axios' CanceledError, or the signal's AbortError. */
function isCancelled(thrown: unknown): boolean {
  if (thrown instanceof TransportFault) return thrown.reason === 'aborted';
  return (thrown as { __CANCEL__?: unknown } | undefined)?.__CANCEL__ === true;
}

const isSuccess = (status: number | undefined): boolean => status !== undefined && status >= 200 && status < 300;
