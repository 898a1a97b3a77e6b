import { isUtf8 } from 'node:buffer';
import { decompress, isCompressed } from './decompress.js';
import type { WireResponse } from './transport.js';

/** The raw body of an answer, and its headers. */
export interface RawBody {
  bytes: Buffer;
  contentType?: string;
  contentEncoding?: string;
}

/** The text of a body. `why`: why it is not exactly the text that the gateway sent. */
export interface DecodedBody {
  text: string;
  why?: string;
  /** Whether `why` is that the decompressed body is too large. */
  isTooLarge?: boolean;
}

/** A body for the application: as text where it can be decoded, otherwise in base64. */
export interface ShownBody {
  raw: string;
  rawEncoding: 'utf8' | 'base64';
}

/** Charsets that are UTF-8 or a subset of it. */
const PLAIN_CHARSETS: readonly (string | undefined)[] = [undefined, 'utf-8', 'utf8', 'us-ascii', 'ascii'];
const BYTE_ORDER_MARKS: readonly [string, readonly number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** The body of an answer. */
export const bodyOf = ({ body, headers }: WireResponse): RawBody => ({
  bytes: body,
  contentType: headerOf(headers['content-type']),
  contentEncoding: headerOf(headers['content-encoding']),
});

/** Whether a body is UTF-8 and not compressed. */
export function isPlain({ bytes, contentType, contentEncoding }: RawBody): boolean {
  const isText = PLAIN_CHARSETS.includes(charsetOf(contentType)) && utf16Of(bytes) === undefined && isUtf8(bytes);
  return isText && !isCompressed(contentEncoding);
}

/**
 * Decompresses a body and decodes its text. Never throws.
 *
 * @param maxBytes Limit of the decompressed body.
 */
export async function decodeBody(body: RawBody, maxBytes: number): Promise<DecodedBody> {
  if (isPlain(body)) return { text: body.bytes.toString('utf8') };
  const { bytes, why, isTooLarge } = await decompress(body.bytes, body.contentEncoding, maxBytes);
  const decoded = decodeText(bytes, body.contentType);
  return why === undefined ? decoded : { text: decoded.text, why, isTooLarge };
}

/** A body for the application. */
export const showBody = ({ text, why }: DecodedBody, { bytes }: RawBody): ShownBody =>
  why === undefined ? { raw: text, rawEncoding: 'utf8' } : { raw: bytes.toString('base64'), rawEncoding: 'base64' };

/** Tries the charset of a byte order mark, UTF-16 if the bytes look like it, the charset of the header, then UTF-8. */
function decodeText(bytes: Buffer, contentType: string | undefined): DecodedBody {
  const mark = BYTE_ORDER_MARKS.find(([, start]) => start.every((byte, index) => bytes[index] === byte));
  for (const charset of [mark?.[0], utf16Of(bytes), charsetOf(contentType), 'utf-8']) {
    const text = charset === undefined ? undefined : textIn(charset, bytes);
    if (text !== undefined) return { text };
  }
  return { text: bytes.toString('utf8'), why: 'its characters cannot be decoded: it is not in UTF-8' };
}

/** Undefined when the charset is unknown, or the bytes are not valid in it. Omits a last character that was cut. */
function textIn(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** JSON starts with two ASCII characters: in UTF-16 one byte of each is 0. */
function utf16Of([first, second]: Buffer): string | undefined {
  if (first === undefined || second === undefined || (first === 0) === (second === 0)) return undefined;
  return first === 0 ? 'utf-16be' : 'utf-16le';
}

function charsetOf(contentType = ''): string | undefined {
  return /charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType)?.[1]?.toLowerCase();
}

const headerOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
