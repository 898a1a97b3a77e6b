import { isUtf8 } from 'node:buffer';
import { decompress, isCompressed } from './decompress.js';
import type { WireResponse } from './transport.js';

/** The body of an answer as it came, and what the gateway says of it. */
export interface RawBody {
  bytes: Buffer;
  contentType?: string;
  contentEncoding?: string;
}

/** The text of a body; `why`: the reason why it is not, or not all of, what was sent. */
export interface DecodedBody {
  text: string;
  why?: string;
  /** Whether the reason is that it is too large when it is decompressed. */
  isTooLarge?: boolean;
}

/** A body for the application: as text where it can be decoded, otherwise in base64. */
export interface ShownBody {
  raw: string;
  rawEncoding: 'utf8' | 'base64';
}

/** The names of UTF-8, and of what is part of it. */
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

/** Whether a body is plain UTF-8: then its bytes are its text, and nothing else. */
export function isPlain({ bytes, contentType, contentEncoding }: RawBody): boolean {
  const isText = PLAIN_CHARSETS.includes(charsetOf(contentType)) && utf16Of(bytes) === undefined && isUtf8(bytes);
  return isText && !isCompressed(contentEncoding);
}

/**
 * Reads a body as text, compressed or in another charset as it may be. Never throws.
 *
 * @param maxBytes What it may come to when it is decompressed.
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

/** By its mark, by what JSON looks like in UTF-16, by what the gateway says, or else as UTF-8. */
function decodeText(bytes: Buffer, contentType: string | undefined): DecodedBody {
  const mark = BYTE_ORDER_MARKS.find(([, start]) => start.every((byte, index) => bytes[index] === byte));
  for (const charset of [mark?.[0], utf16Of(bytes), charsetOf(contentType), 'utf-8']) {
    const text = charset === undefined ? undefined : textIn(charset, bytes);
    if (text !== undefined) return { text };
  }
  return { text: bytes.toString('utf8'), why: 'its characters cannot be decoded: it is not in UTF-8' };
}

/** Undefined when the charset is not known, or the bytes are not in it. A last character that was cut is left out. */
function textIn(charset: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}

/** JSON starts with two characters of ASCII, of which UTF-16 leaves one half empty. */
function utf16Of([first, second]: Buffer): string | undefined {
  if (first === undefined || second === undefined || (first === 0) === (second === 0)) return undefined;
  return first === 0 ? 'utf-16be' : 'utf-16le';
}

function charsetOf(contentType = ''): string | undefined {
  return /charset\s*=\s*["']?([^\s"';,]+)/i.exec(contentType)?.[1]?.toLowerCase();
}

const headerOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header.join(',') : header;
