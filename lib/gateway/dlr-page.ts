import { isPlain, type RawBody } from './decode-body.js';

/** A download or a push, unparsed. */
export interface DlrPage {
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  httpStatus: number;
  /** Whether the gateway pushed it; unset for a download. */
  isPush?: boolean;
  /** The body, unchanged: its text, or its bytes in base64 when `encoding` is set. */
  text: string;
  /** Set when the body is not plain UTF-8: it is compressed, in another charset, or not text. */
  encoding?: 'base64';
  /** Headers of the body, stored when `encoding` is set, to decode the body later. */
  contentType?: string;
  contentEncoding?: string;
  /** The rule that makes the ids of its reports; unset: the rule of version 0.1.0. A report keeps its id over an upgrade. */
  idRule?: typeof ID_RULE;
}

/** The rule of this version: the id of a report is made from the fields that identify the report. */
const ID_RULE = 'fields';

/** Makes a page from a body that was received now. */
export function pageOf(account: string, body: RawBody, httpStatus: number): DlrPage {
  const receivedAt = new Date().toISOString();
  if (isPlain(body)) return { account, receivedAt, httpStatus, idRule: ID_RULE, text: body.bytes.toString('utf8') };
  const { bytes, ...headers } = body;
  const text = bytes.toString('base64');
  return { account, receivedAt, httpStatus, idRule: ID_RULE, text, encoding: 'base64', ...headers };
}

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
