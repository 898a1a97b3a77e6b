import { OurSmsAbortedError } from '../errors/oursms-aborted.error.js';
import { OurSmsConnectionError } from '../errors/oursms-connection.error.js';
import type { OurSmsError, Outcome } from '../errors/oursms.error.js';
import { OurSmsResponseError } from '../errors/oursms-response.error.js';
import { OurSmsTimeoutError } from '../errors/oursms-timeout.error.js';
import type { Call } from './call.js';
import type { ShownBody } from './decode-body.js';
import { readField, safeCause } from './safe-cause.js';
import { TransportFault, type RequestTrace } from './transport.js';

/** Advice when the base URL may be wrong: no server, an unknown path, or a web page. */
export const CHECK_BASE_URL = 'Check `baseUrl` in the options of the module.';

/** System calls before a connection is ready: an error of one of them proves that nothing was sent. */
const CONNECT_STEPS: readonly unknown[] = ['connect', 'getaddrinfo'];

/** A call that ended without a complete answer. */
interface Ending {
  call: Call;
  trace: RequestTrace;
  /** Whether the caller's signal ended the call. */
  isAborted: boolean;
  /** The part of the answer that arrived. */
  shown: ShownBody;
}

/**
 * The error of a call that ended without a complete answer. It never contains the original error: an AxiosError holds the URL,
 * the headers and the body of the request.
 */
export function toOurSmsError(thrown: unknown, ending: Ending): OurSmsError {
  const { call, shown, isAborted } = ending;
  if (!(thrown instanceof TransportFault)) return foreignError(thrown, ending);
  const outcome = endingOutcome(thrown, ending);
  const { timeoutMs, maxResponseBytes } = call.account;
  const httpStatus = thrown.received?.status;
  switch (thrown.reason) {
    case 'timeout': {
      const late = outcome === 'notSent' ? 'no connection was ready' : 'no complete answer came';
      const message = call.sentence(`${late} within ${timeoutMs} ms`, outcome);
      return new OurSmsTimeoutError(message, { ...call.details(outcome, true), timeoutMs, ...shown });
    }
    case 'aborted':
      return abortedError(call, outcome, `${isAborted ? "the caller's" : 'a'} signal ended the call`);
    case 'withdrawn':
      return abortedError(call, outcome, 'another process took over this request before it left');
    case 'tooLarge':
      return unreadableAnswer(call, httpStatus, shown, `it is larger than ${maxResponseBytes} bytes`);
    default:
      if (isSuccess(httpStatus)) return unreadableAnswer(call, httpStatus, shown, 'it was cut');
      return connectionError(call, outcome, thrown.code);
  }
}

/** The error of an answer that came but cannot be read. */
export function unreadableAnswer(call: Call, httpStatus = 0, shown: ShownBody, why: string): OurSmsResponseError {
  const message = call.sentence(
    `the gateway answered HTTP ${httpStatus}, and its body cannot be read: ${why}`,
    'unknown',
    /^\s*</.test(shown.raw) ? CHECK_BASE_URL : '',
  );
  return new OurSmsResponseError(message, { ...call.details('unknown', true), httpStatus, ...shown });
}

/** The error of a call that an interceptor of the application broke. Not retryable: the interceptor would fail again. */
export function interceptorError(call: Call, outcome: Outcome, thrown: unknown, httpStatus?: number): OurSmsError {
  const cause = safeCause(thrown, call);
  const where = httpStatus === undefined ? '' : `the gateway answered HTTP ${httpStatus}, and `;
  const when = outcome === 'notSent' ? 'before the request left' : 'after the request left';
  const happened = `${where}an interceptor of the application failed ${when} (${cause.name}, see \`cause\`)`;
  return new OurSmsConnectionError(call.sentence(happened, outcome), { ...call.details(outcome, false), cause });
}

/** The error of a call that a signal ended. */
export function abortedError(call: Call, outcome: Outcome, happened: string): OurSmsAbortedError {
  return new OurSmsAbortedError(call.sentence(happened, outcome), call.details(outcome, true));
}

function connectionError(call: Call, outcome: Outcome, code: string | undefined): OurSmsConnectionError {
  const happened =
    outcome === 'notSent' ? 'the gateway could not be reached' : 'the connection broke before an answer came';
  const advice = outcome === 'notSent' ? CHECK_BASE_URL : '';
  return new OurSmsConnectionError(call.sentence(`${happened} (${code ?? 'no code'})`, outcome, advice), {
    ...call.details(outcome, true),
    code,
  });
}

/** The error for one that an interceptor or adapter of the application threw. Of an adapter's error it shows only the code. */
function foreignError(thrown: unknown, ending: Ending): OurSmsError {
  const { call, trace, isAborted } = ending;
  const outcome = endingOutcome(thrown, ending);
  if (isAborted && isCancelled(thrown)) return abortedError(call, outcome, "the caller's signal ended the call");
  if (trace.reachedNoAdapter) return interceptorError(call, outcome, thrown);
  const code = readField(thrown, 'code');
  return connectionError(call, outcome, typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : undefined);
}

function endingOutcome(thrown: unknown, { trace }: Ending): Outcome {
  if (trace.phase === 'started') return 'unknown';
  if (trace.phase === 'waiting' || trace.reachedNoAdapter) return 'notSent';
  const syscall = readField(thrown, 'syscall') ?? readField(readField(thrown, 'cause'), 'syscall');
  return CONNECT_STEPS.includes(syscall) ? 'notSent' : 'unknown';
}

/** axios' CanceledError. */
const isCancelled = (thrown: unknown): boolean => readField(thrown, '__CANCEL__') === true;

/** Whether a status is a success (2xx). */
export const isSuccess = (status: number | undefined): boolean => status !== undefined && status >= 200 && status < 300;
