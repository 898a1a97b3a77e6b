import { isUtf8 } from 'node:buffer';
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** Bytes that were compressed; `why`: the reason why they are not, or not all of, what was. */
interface Decompressed {
  bytes: Buffer;
  why?: string;
  /** Whether the reason is that more would come out than may. */
  isTooLarge?: boolean;
}

/** More encodings in a row than any server puts on an answer. */
const MOST_LAYERS = 5;
/** Of a damaged stream, what comes before the damage is given out in pieces of this size. */
const CHUNK_BYTES = 1_024;
/** Options that also return the content of a truncated stream. */
const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, chunkSize: CHUNK_BYTES };

const NONE = ['', 'identity', 'none'];
const DECODERS: ReadonlyMap<string, readonly (() => Transform)[]> = new Map([
  ['gzip', [() => createGunzip(ZLIB)]],
  ['x-gzip', [() => createGunzip(ZLIB)]],
  ['br', [() => createBrotliDecompress(BROTLI)]],
  // With the header that the standard asks for, and without it, as some servers send it.
  ['deflate', [() => createInflate(ZLIB), () => createInflateRaw(ZLIB)]],
]);

/** Whether a Content-Encoding says that the bytes are something else than what they stand for. */
export const isCompressed = (contentEncoding: string | undefined): boolean =>
  contentEncoding !== undefined && codingsOf(contentEncoding).length > 0;

/**
 * Undoes the encodings of an answer: those that its Content-Encoding names, and gzip that it does not name. A name that does
 * not fit is passed over: a proxy may have undone the encoding and left the header.
 *
 * @param maxBytes What comes out at the most: a few bytes may stand for gigabytes.
 * @see RFC 9110, 8.4
 */
export async function decompress(
  bytes: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Decompressed> {
  const codings = codingsOf(contentEncoding).reverse();
  if (codings.length > MOST_LAYERS) return { bytes, why: 'it has too many layers of encoding' };
  let came: Decompressed = { bytes };
  for (const coding of codings) {
    came = await undo(coding, came.bytes, maxBytes);
    if (came.why !== undefined) return came;
  }
  for (let layers = 0; layers < MOST_LAYERS && isGzip(came.bytes) && came.why === undefined; layers++) {
    came = await undo('gzip', came.bytes, maxBytes);
  }
  return came;
}

const codingsOf = (contentEncoding = ''): string[] =>
  contentEncoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !NONE.includes(coding));

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function undo(coding: string, bytes: Buffer, maxBytes: number): Promise<Decompressed> {
  let best: Decompressed | undefined;
  for (const makeDecoder of DECODERS.get(coding) ?? []) {
    const came = await run(makeDecoder(), coding, bytes, maxBytes);
    if (came.why === undefined) return came;
    if (best === undefined || came.bytes.length > best.bytes.length) best = came;
  }
  if (isUtf8(bytes)) return { bytes };
  const name = /^[\w-]{1,20}$/.test(coding) ? coding : 'of another name';
  return best ?? { bytes, why: `its encoding (${name}) is not supported` };
}

/** Decompresses a body. Also returns the content before the damage, or before the limit. */
function run(decoder: Transform, coding: string, bytes: Buffer, maxBytes: number): Promise<Decompressed> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (why?: string, isTooLarge?: boolean): void => {
      decoder.destroy();
      resolve({ bytes: Buffer.concat(chunks), why, isTooLarge });
    };
    decoder.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, maxBytes - size));
      size += chunk.length;
      if (size > maxBytes) end(`it is larger than ${maxBytes} bytes when decompressed`, true);
    });
    decoder.on('error', () => end(`its compression (${coding}) is damaged`));
    decoder.on('end', () => end());
    decoder.end(bytes);
  });
}
