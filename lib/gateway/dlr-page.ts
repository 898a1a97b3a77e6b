import { isPlain, type RawBody } from './decode-body.js';
import type { WireResponse } from './transport.js';

/** A download as it came: what the gateway has deleted, and nothing has read yet. */
export interface DlrPage {
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  httpStatus: number;
  /** The body of the answer, untouched: its text, or its bytes in base64 when `encoding` says so. */
  text: string;
  /** Set when the body is not plain UTF-8: compressed, in another charset, or no text at all. */
  encoding?: 'base64';
  /** Headers of the body. Kept with `encoding`, to decode it later. */
  contentType?: string;
  contentEncoding?: string;
}

/** The body of an answer. */
export const bodyOf = ({ body, headers }: WireResponse): RawBody => ({
  bytes: body,
  contentType: headerOf(headers['content-type']),
  contentEncoding: headerOf(headers['content-encoding']),
});

/** Makes a page of an answer that has just come. */
export function toPage(account: string, response: WireResponse): DlrPage {
  const { bytes, ...said } = bodyOf(response);
  const page = { account, receivedAt: new Date().toISOString(), httpStatus: response.status };
  if (isPlain({ bytes, ...said })) return { ...page, text: bytes.toString('utf8') };
  return { ...page, text: bytes.toString('base64'), encoding: 'base64', ...said };
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

const headerOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
