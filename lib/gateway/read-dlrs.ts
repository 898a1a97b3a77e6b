import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DLR_STATUSES, type Dlr, type DlrStatus } from '../dto/dlr.js';
import { isFinalStatus } from '../dto/monotonic.js';
import { decodeBody, showBody, type DecodedBody, type ShownBody } from './decode-body.js';
import { bodyOfPage, type DlrPage } from './dlr-page.js';
import { FieldReader, fold } from './field-reader.js';
import { ENVELOPES, findRows, holdsNothing, looksLikeReport } from './find-rows.js';
import { isRecord, parseJson } from './parse-json.js';
import { readFailureInSuccess, type ReportedFailure } from './read-failure.js';
import { salvageRows } from './salvage-rows.js';
import { MOST_LEVELS, shallowRow } from './shallow-row.js';

/** Why a page cannot be read, or not completely. */
interface PageFault {
  why: string;
  /** Whether the page was cut, so that rows may be missing. */
  cut: boolean;
  /** The failure that the page contains in place of a list. */
  failure?: ReportedFailure;
}

/** The rows of a page; with a fault, only the complete ones. */
interface PageRows {
  rows: unknown[];
  fault?: PageFault;
  shown: ShownBody;
}

/** The reports of a page; with a fault, only the complete ones. */
export type DlrReading = { dlrs: Dlr[]; shown: ShownBody } & ({ ok: true } | ({ ok: false } & PageFault));

/** Rows to read before other work gets a turn: a page of a hostile gateway may hold millions. */
const ROWS_AT_ONCE = 1_000;

/**
 * Reads the reports of a page. Never throws, and drops nothing: a row of an unknown shape becomes a report of status
 * `unknown` with the row in `raw`.
 *
 * @param maxBytes Limit of the decompressed page.
 */
export async function readDlrs(page: DlrPage, maxBytes: number): Promise<DlrReading> {
  const { rows, fault, shown } = await readRows(page, maxBytes);
  const dlrs: Dlr[] = [];
  for (const row of rows) {
    dlrs.push(readDlr(row, page));
    if (dlrs.length % ROWS_AT_ONCE === 0) await nextTurn();
  }
  return fault === undefined ? { ok: true, dlrs, shown } : { ok: false, dlrs, shown, ...fault };
}

/** Reads the rows of a page. Never throws. */
async function readRows(page: DlrPage, maxBytes: number): Promise<PageRows> {
  if (page.encoding === undefined) return { ...rowsOf(page), shown: { raw: page.text, rawEncoding: 'utf8' } };
  const body = bodyOfPage(page);
  const decoded = await decodeBody(body, maxBytes);
  return { ...rowsOf(decoded), shown: showBody(decoded, body) };
}

function rowsOf({ text, why, isTooLarge = false }: DecodedBody): Omit<PageRows, 'shown'> {
  if (text.trim() === '') return { rows: [], fault: why === undefined ? undefined : { why, cut: false } };
  const json = parseJson(text);
  if (!json.ok) {
    const { rows, cut } = salvageRows(text);
    return { rows, fault: { why: why ?? json.why, cut: cut && !isTooLarge } };
  }
  const rows = findRows(json.value);
  // An answer that contains reports is no failure, whatever else it contains.
  if (rows?.some(looksLikeReport)) return { rows, fault: why === undefined ? undefined : { why, cut: false } };
  const failure = readFailureInSuccess(json.value);
  if (failure) return { rows: [], fault: { why: 'it contains an error in place of reports', cut: false, failure } };
  if (why !== undefined) return { rows: rows ?? [], fault: { why, cut: false } };
  if (rows !== undefined || holdsNothing(json.value)) return { rows: rows ?? [] };
  return {
    rows: [],
    fault: { why: `it contains no list of reports (looked under ${ENVELOPES.join(', ')})`, cut: false },
  };
}

/**
 * Each report starts as a copy of this one. If it were a literal, V8 could allocate all of them in the old generation, once enough had
 * outlived the first garbage collections; there, a report keeps its texts until a full collection.
 */
const NO_REPORT: Dlr = {
  id: '',
  msgId: undefined,
  jobId: undefined,
  status: 'unknown',
  isFinal: false,
  rawStatus: undefined,
  src: undefined,
  dest: undefined,
  msgDate: undefined,
  statusDate: undefined,
  receivedAt: '',
  via: 'poll',
  account: '',
  raw: undefined,
};

function readDlr(raw: unknown, page: DlrPage): Dlr {
  const fields = new FieldReader(raw);
  const rawStatus = fields.text('status');
  const status = statusOf(rawStatus);
  return {
    ...NO_REPORT,
    id: identify(raw, fields, page),
    msgId: fields.text('msgId', 'messageId'),
    jobId: fields.text('jobId'),
    status,
    isFinal: isFinalStatus(status),
    rawStatus,
    src: fields.text('src'),
    dest: fields.text('dest'),
    msgDate: fields.text('msgDate'),
    statusDate: fields.text('statusDate'),
    receivedAt: page.receivedAt,
    via: page.isPush ? 'push' : 'poll',
    account: page.account,
    raw: shallowRow(raw),
  };
}

function statusOf(rawStatus: string | undefined): DlrStatus {
  const status = rawStatus?.toLowerCase();
  return DLR_STATUSES.find((known) => known === status) ?? 'unknown';
}

/** Fields that an id is made from. Not `jobId`: pushed rows have it, downloaded rows may not. */
const FIELDS_OF_ID = ['msgId', 'messageId', 'status', 'src', 'dest', 'msgDate', 'statusDate'].map(fold);

/** A report of an account has the same id whether it was downloaded or pushed, and however its field names are spelled. */
function identify(row: unknown, fields: FieldReader, { account, idRule }: DlrPage): string {
  const identity = idRule === undefined ? sorted(row) : identityOf(row, fields);
  return hash('sha256', JSON.stringify([account, identity]), 'base64url').slice(0, 24);
}

/** The fields that identify a report: message, status and time of the status; when one is missing, all fields of the row. */
function identityOf(row: unknown, fields: FieldReader): unknown {
  const msgId = fields.text('msgId', 'messageId');
  const [status, statusDate] = [fields.text('status')?.toLowerCase(), fields.text('statusDate')];
  const dest = fields.text('dest')?.replace(/^(\+|00)/, '');
  if (msgId !== undefined && status !== undefined && statusDate !== undefined) return [msgId, status, dest, statusDate];
  if (!isRecord(row)) return sorted(row);
  const isKnown = (name: string, value: unknown): boolean =>
    value === null || (typeof value !== 'object' && FIELDS_OF_ID.includes(fold(name)));
  const isJob = (name: string): boolean => msgId !== undefined && fold(name) === 'jobid';
  const others = Object.entries(row).filter(([name, value]) => !isKnown(name, value) && !isJob(name));
  const known = [msgId, status, fields.text('src'), dest, fields.text('msgDate'), statusDate];
  return [...known, sorted(Object.fromEntries(others))];
}

function sorted(value: unknown, depth = 0): unknown {
  // A deeply nested answer must not exhaust the stack.
  if (depth > MOST_LEVELS) return null;
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  if (!isRecord(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, sorted(field, depth + 1)]);
}
