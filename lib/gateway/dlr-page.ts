import { isPlain, type RawBody } from './decode-body.js';

/** A download or a push as it came, and nothing has read yet. */
export interface DlrPage {
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  httpStatus: number;
  /** Whether the gateway pushed it; unset for a download. */
  isPush?: boolean;
  /** The body of the answer, untouched: its text, or its bytes in base64 when `encoding` says so. */
  text: string;
  /** Set when the body is not plain UTF-8: compressed, in another charset, or no text at all. */
  encoding?: 'base64';
  /** Headers of the body. Kept with `encoding`, to decode it later. */
  contentType?: string;
  contentEncoding?: string;
  /** The rule by which its reports get their ids; unset: that of version 0.1.0. A report keeps its id over an upgrade. */
  idRule?: typeof ID_RULE;
}

/** The rule of this version: the id of a report is made of the fields that say which report it is. */
const ID_RULE = 'fields';

/** Makes a page of a body that has just come. */
export function pageOf(account: string, body: RawBody, httpStatus: number): DlrPage {
  const receivedAt = new Date().toISOString();
  if (isPlain(body)) return { account, receivedAt, httpStatus, idRule: ID_RULE, text: body.bytes.toString('utf8') };
  const { bytes, ...said } = body;
  const text = bytes.toString('base64');
  return { account, receivedAt, httpStatus, idRule: ID_RULE, text, encoding: 'base64', ...said };
}

/** The body of a page. */
export const bodyOfPage = ({
  text,
  encoding = 'utf8' as 'base64',
  contentType,
  contentEncoding,
}: DlrPage): RawBody => ({
  bytes: Buffer.from(text, encoding),
  contentType,
  contentEncoding,
});
