import type { GatewayErrorKind } from '../errors/oursms-gateway.error.js';
import { FieldReader } from './field-reader.js';
import { isRecord } from './parse-json.js';

/** The error code and description of an answer, as the gateway wrote them. */
export interface ReportedFailure {
  code?: number | string;
  description?: string;
}

/** Known codes, from public integrations: the document lists none. */
const KNOWN_CODES: Readonly<Record<string, GatewayErrorKind>> = {
  1001: 'auth',
  1008: 'balance',
  6208: 'routing',
  6307: 'sender',
};

const KINDS_BY_STATUS: Readonly<Record<number, GatewayErrorKind>> = {
  400: 'content',
  401: 'auth',
  402: 'balance',
  429: 'rateLimit',
};

/**
 * Kind of a failure: by the gateway's own code, then by the HTTP status.
 *
 * @param own Kinds of statuses that mean something else for this API.
 */
export function kindOf(
  httpStatus: number,
  code: number | string | undefined,
  own: Readonly<Record<number, GatewayErrorKind>> = {},
): GatewayErrorKind {
  // The gateway chooses the code: it may be the name of a property that every object has.
  const known = isKnownCode(code) ? KNOWN_CODES[String(code)] : undefined;
  return known ?? own[httpStatus] ?? KINDS_BY_STATUS[httpStatus] ?? (httpStatus >= 500 ? 'server' : 'other');
}

/** Whether the meaning of a code is known. */
export function isKnownCode(code: number | string | undefined): boolean {
  return code !== undefined && Object.hasOwn(KNOWN_CODES, String(code));
}

/** The failure that an answer with a failed HTTP status describes. Fields that it does not have are undefined. */
export function readFailure(value: unknown): ReportedFailure {
  if (!isRecord(value)) return {};
  const fields = new FieldReader(value);
  const error = fields.first('error', 'errors');
  if (isRecord(error)) return { ...own(fields), ...defined(own(new FieldReader(error))) };
  return { description: typeof error === 'string' ? error : undefined, ...defined(own(fields)) };
}

/**
 * The failure inside an answer with a successful HTTP status; undefined when there is none. `errorCode` and `error` always
 * mean a failure. `code` and `statusCode` also occur in successful answers: they mean one only without the fields of a job.
 */
export function readFailureInSuccess(value: unknown): ReportedFailure | undefined {
  if (!isRecord(value)) return undefined;
  const fields = new FieldReader(value);
  const error = fields.first('error', 'errors');
  const hasError = isRecord(error) || (typeof error === 'string' && error !== '') || error === true;
  const hasJob = fields.first('jobId', 'accepted', 'credits') !== undefined;
  const code =
    isFailureCode(fields.first('errorCode')) || (!hasJob && isFailureCode(fields.first('code', 'statusCode')));
  return hasError || code ? readFailure(value) : undefined;
}

/** Whether a code means a failure. 0, 2xx, `ok`, `success` and an empty code mean success. */
export function isFailureCode(code: unknown): boolean {
  return (
    (typeof code === 'number' || typeof code === 'string') && !/^(0*|2\d\d|ok|success)$/i.test(String(code).trim())
  );
}

function own(fields: FieldReader): ReportedFailure {
  const code = fields.text('errorCode', 'code', 'statusCode');
  return {
    code: code !== undefined && /^\d{1,6}$/.test(code) ? Number(code) : code,
    description: fields.text('description', 'errorDescription', 'errorDesc', 'message', 'statusDesc'),
  };
}

const defined = (failure: ReportedFailure): ReportedFailure =>
  Object.fromEntries(Object.entries(failure).filter(([, value]) => value !== undefined));
