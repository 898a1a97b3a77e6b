import { OurSmsGatewayError, type GatewayErrorKind } from '../errors/oursms-gateway.error.js';
import type { Outcome } from '../errors/oursms.error.js';
import { apiKeyOf } from './account.js';
import type { Call } from './call.js';
import { isKnownCode, kindOf, readFailure, readFailureInSuccess, type ReportedFailure } from './read-failure.js';
import { CHECK_BASE_URL, isSuccess, unreadableAnswer } from './to-oursms-error.js';
import type { ShownBody } from './decode-body.js';
import { parseJson } from './parse-json.js';

/** An answer of the gateway, with any status. */
export interface Answer {
  httpStatus: number;
  text: string;
  /** Why the text is not exactly the text that the gateway sent. */
  why?: string;
  /** The answer, for the application. */
  shown: ShownBody;
  /** All `Retry-After` headers. */
  retryAfter?: readonly string[];
  /** The `Date` header: the time of the answer, by the clock of the gateway. */
  date?: string;
}

/** Statuses of a request that was not processed and may be repeated. */
const TRANSIENT_STATUSES = [408, 425, 429];

/** Statuses of a server that does not have this path, or not with this method. */
const WRONG_PATH = [404, 405];

/** The JSON API refuses a key with 401 or with 403. */
const KEY_STATUSES: Readonly<Record<number, GatewayErrorKind>> = { 403: 'auth' };
const CHECK_KEY =
  'The API key was refused: check `auth.apiKey`, and the IP addresses that it may be bound to in the dashboard.';

const ADVICE: Partial<Record<GatewayErrorKind, string>> = {
  auth: 'Check `auth` in the options of the module.',
  balance: 'Top up the account.',
  sender: 'Use a sender name that is registered for the account.',
  routing: 'Leave msgClass unset, or ask the provider which numbers and classes the account may use.',
};

/**
 * Reads an answer as JSON, and throws when it is a failure: by its HTTP status, or by an error code inside a success.
 *
 * @throws {OurSmsGatewayError} for a failure
 * @throws {OurSmsResponseError} for an answer that is not JSON
 * @see OurSMS HTTP API, "Result" of each section
 */
export function judgeAnswer(answer: Answer, call: Call): unknown {
  const json = parseJson(answer.text);
  if (!isSuccess(answer.httpStatus)) throw refusalOf(answer, call, json);
  const failure = json.ok ? readFailureInSuccess(json.value) : undefined;
  if (failure) throw refusal(answer, call, failure);
  if (!json.ok) throw unreadableAnswer(call, answer.httpStatus, answer.shown, answer.why ?? json.why);
  return json.value;
}

/** The error of an answer whose HTTP status is not a success. */
export function refusalOf(answer: Answer, call: Call, json = parseJson(answer.text)): OurSmsGatewayError {
  if (json.ok) return refusal(answer, call, readFailure(json.value));
  return refusal(answer, call, {}, { unreadable: answer.why ?? json.why, isPage: /^\s*</.test(answer.text) });
}

/** The error of an answer that reports a failure. */
export function refusal(
  answer: Pick<Answer, 'httpStatus' | 'retryAfter' | 'date'>,
  call: Call,
  failure: ReportedFailure,
  { unreadable, isPage = false }: { unreadable?: string; isPage?: boolean } = {},
): OurSmsGatewayError {
  const { httpStatus } = answer;
  const outcome = outcomeOf(httpStatus, failure.code);
  const hasKey = apiKeyOf(call.account.auth) !== undefined;
  // A proxy in front of the gateway sends web pages: they do not mean that the key was refused.
  const kind = kindOf(httpStatus, failure.code, hasKey && !isPage ? KEY_STATUSES : {});
  const code = shownCode(failure.code, call);
  const description = call.redact(failure.description);
  const retryAfterMs = readRetryAfter(answer);
  const happened = [
    `the gateway answered HTTP ${httpStatus}`,
    code === undefined ? '' : ` with error code ${code}`,
    ` (${kind})`,
    description === undefined ? '' : `: "${description}"`,
    unreadable === undefined ? '' : `, and its body: ${unreadable}`,
  ].join('');
  const advice = hasKey && kind === 'auth' ? CHECK_KEY : adviceOf(kind, httpStatus, retryAfterMs);
  return new OurSmsGatewayError(call.sentence(happened, outcome, advice), {
    ...call.details(outcome, TRANSIENT_STATUSES.includes(httpStatus) || httpStatus >= 500),
    httpStatus,
    kind,
    code,
    description,
    retryAfterMs,
  });
}

/** An unknown code may be a login code or a part of a number that the gateway repeats. */
function shownCode(code: number | string | undefined, call: Call): number | string | undefined {
  if (code === undefined || isKnownCode(code)) return code;
  const shown = call.redact(String(code));
  return shown === String(code) ? code : shown;
}

function outcomeOf(httpStatus: number, code: number | string | undefined): Outcome {
  if (httpStatus >= 400 && httpStatus < 500) return 'notSent';
  return isSuccess(httpStatus) && isKnownCode(code) ? 'notSent' : 'unknown';
}

function adviceOf(kind: GatewayErrorKind, httpStatus: number, retryAfterMs: number | undefined): string {
  if (httpStatus >= 300 && httpStatus < 400) return 'Redirects are not followed: check `baseUrl` in the options.';
  if (retryAfterMs !== undefined)
    return `The gateway asks to wait ${Math.ceil(retryAfterMs / 1000)} s before the next try.`;
  if (kind === 'other' && WRONG_PATH.includes(httpStatus)) return CHECK_BASE_URL;
  return ADVICE[kind] ?? '';
}

/** The longest wait of these headers: a proxy may have added one, or joined them with commas. */
function readRetryAfter({ retryAfter = [], date = '' }: Pick<Answer, 'retryAfter' | 'date'>): number | undefined {
  // A date in the header is by the clock of the gateway.
  const gatewayNow = Date.parse(date);
  const now = Number.isNaN(gatewayNow) ? Date.now() : gatewayNow;
  const waits = retryAfter
    .flatMap((header) => waitOf(header, now) ?? header.split(',').map((part) => waitOf(part, now)))
    .filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Math.max(...waits);
}

/** Seconds, or an HTTP date. @see RFC 9110, 10.2.3 */
function waitOf(value: string, now: number): number | undefined {
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
