import { DLR_STATUSES } from '../dto/dlr.js';
import { FieldReader, fold } from './field-reader.js';
import { isRecord } from './parse-json.js';
import { isFailureCode } from './read-failure.js';

/** Fields of an answer that may hold the list of reports, or an object with that list. */
export const ENVELOPES: readonly string[] = ['dlrs', 'statuses', 'items', 'results', 'data', 'result', 'response'];
/** Fields of a report besides its id. Any answer may have one of them. */
const REPORT_FIELDS = ['status', 'dest', 'src', 'jobId', 'msgDate', 'statusDate'];

/** Fields that describe the answer itself. */
const CODES = ['code', 'errorcode', 'statuscode'];
const COUNTS = ['count', 'total', 'size'];
const WORDS = ['message', 'description', 'statusdesc', 'errordesc'];
const FLAGS = ['success', 'status'];
const YES: readonly unknown[] = [true, 'ok', 'success', 'true'];

/** Whether a field of this name may hold the list of reports, or an object with it. Ignores case and underscores. */
export const isEnvelope = (name: string): boolean => ENVELOPES.includes(fold(name));

/**
 * The rows of reports in a parsed answer: a list; lists in fields with known names, at most two levels deep; or a single report
 * in place of a list. Undefined when there is none of these.
 */
export function findRows(value: unknown): unknown[] | undefined {
  if (isList(value)) return value;
  const inside = envelopesOf(value);
  const deeper = inside.flatMap(envelopesOf);
  const lists = [...inside, ...deeper].filter(isList);
  const ofReports = lists.filter((list) => list.some(looksLikeReport));
  if (ofReports.length > 0) return ofReports.flat();
  const objects = [value, ...inside, ...deeper];
  const report = objects.find(hasMessageId) ?? (lists.length === 0 ? objects.find(looksLikeReport) : undefined);
  return report === undefined ? (lists.find((list) => list.length > 0) ?? lists[0]) : [report];
}

/** Whether an answer means that there are no reports. */
export function holdsNothing(value: unknown): boolean {
  return isNothing(value, 0);
}

/** Whether a value has the fields of a report. */
export function looksLikeReport(value: unknown): boolean {
  if (!isRecord(value)) return false;
  if (hasMessageId(value)) return true;
  const fields = new FieldReader(value);
  const known = REPORT_FIELDS.filter((name) => fields.text(name) !== undefined);
  const status = fields.text('status')?.toLowerCase();
  return known.length > 1 || (known.length === 1 && DLR_STATUSES.some((one) => one === status));
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value);

const hasMessageId = (value: unknown): boolean => new FieldReader(value).text('msgId', 'messageId') !== undefined;

function envelopesOf(value: unknown): unknown[] {
  if (!isRecord(value)) return [];
  const fields = new FieldReader(value);
  return ENVELOPES.map((name) => fields.first(name)).filter((field) => field !== undefined);
}

function isNothing(value: unknown, depth: number): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.length === 0;
  if (!isRecord(value) || depth > 2) return false;
  const fields = Object.entries(value);
  const says = (name: string, field: unknown): boolean =>
    field === null || saysNothing(fold(name), field) || (isEnvelope(name) && isNothing(field, depth + 1));
  // An answer of words alone may describe a failure.
  const isWord = (name: string, field: unknown): boolean => WORDS.includes(fold(name)) && typeof field === 'string';
  if (!fields.every(([name, field]) => isWord(name, field) || says(name, field))) return false;
  return fields.length === 0 || fields.some(([name, field]) => says(name, field));
}

/** Whether a field reports success, or a count of 0. */
function saysNothing(name: string, field: unknown): boolean {
  if (CODES.includes(name)) return isSuccessCode(field);
  if (COUNTS.includes(name)) return field === 0 || field === '0';
  return FLAGS.includes(name) && YES.includes(typeof field === 'string' ? field.trim().toLowerCase() : field);
}

const isSuccessCode = (code: unknown): boolean =>
  (typeof code === 'number' || typeof code === 'string') && !isFailureCode(code);
