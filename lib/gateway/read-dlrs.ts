import { hash } from 'node:crypto';
import { DLR_STATUSES, type Dlr, type DlrStatus } from '../dto/dlr.js';
import { FieldReader } from './field-reader.js';
import { ENVELOPES, findRows, holdsNothing } from './find-rows.js';
import { isRecord, parseJson } from './parse-json.js';
import { salvageRows } from './salvage-rows.js';

/** A download as it came: what the gateway has deleted, and nothing has read yet. */
export interface DlrPage {
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  httpStatus: number;
  /** The body of the answer, untouched. */
  text: string;
}

/** A download, and how many reports it brought; undefined when it cannot be read. */
export interface DlrDownload {
  page: DlrPage;
  reports?: number;
}

/**
 * The reports of a page, or why it cannot be read and the reports that are whole all the same. `cut`: it ends in the middle,
 * and may have held more.
 */
export type DlrReading = { ok: true; dlrs: Dlr[] } | { ok: false; dlrs: Dlr[]; why: string; cut: boolean };

/**
 * Reads the reports of a page. Never throws, and drops nothing: a row of an unknown shape becomes a report of status
 * `unknown` with the row in `raw`.
 */
export function readDlrs(page: DlrPage): DlrReading {
  if (page.text.trim() === '') return { ok: true, dlrs: [] };
  const json = parseJson(page.text);
  if (!json.ok) {
    const { rows, cut } = salvageRows(page.text);
    return { ok: false, dlrs: rows.map((row) => readDlr(row, page)), why: json.why, cut };
  }
  const rows = findRows(json.value) ?? (holdsNothing(json.value) ? [] : undefined);
  if (rows === undefined) {
    const why = `it holds no list of reports (looked under ${ENVELOPES.join(', ')})`;
    return { ok: false, dlrs: [], why, cut: false };
  }
  return { ok: true, dlrs: rows.map((row) => readDlr(row, page)) };
}

/** How many reports a parsed answer holds; undefined when it holds no list of them. */
export const countDlrs = (value: unknown): number | undefined =>
  findRows(value)?.length ?? (holdsNothing(value) ? 0 : undefined);

function readDlr(raw: unknown, page: DlrPage): Dlr {
  const fields = new FieldReader(raw);
  const rawStatus = fields.text('status');
  return {
    id: identify(raw, page.account),
    msgId: fields.text('msgId', 'messageId'),
    jobId: fields.text('jobId'),
    status: statusOf(rawStatus),
    rawStatus,
    src: fields.text('src'),
    dest: fields.text('dest'),
    msgDate: fields.text('msgDate'),
    statusDate: fields.text('statusDate'),
    receivedAt: page.receivedAt,
    account: page.account,
    raw,
  };
}

function statusOf(rawStatus: string | undefined): DlrStatus {
  const status = rawStatus?.toLowerCase();
  return DLR_STATUSES.find((known) => known === status) ?? 'unknown';
}

/** The same row of the same account has the same id, whatever the order of its fields. */
function identify(row: unknown, account: string): string {
  return hash('sha256', JSON.stringify([account, sorted(row)]), 'base64url').slice(0, 24);
}

function sorted(value: unknown, depth = 0): unknown {
  // Rows are flat; what an answer nests deeper than this must not exhaust the stack.
  if (depth > 20) return null;
  if (Array.isArray(value)) return value.map((item) => sorted(item, depth + 1));
  if (!isRecord(value)) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => [name, sorted(field, depth + 1)]);
}
