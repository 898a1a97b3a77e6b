import { isUtf8 } from 'node:buffer';
import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';

/** Decompressed bytes. `why`: why they are not exactly the bytes that were compressed. */
interface Decompressed {
  bytes: Buffer;
  why?: string;
  /** Whether `why` is that they exceed the limit. */
  isTooLarge?: boolean;
}

/** More than any server uses. */
const MOST_LAYERS = 5;
/** Small, because the last chunk before the damage of a stream is lost. */
const CHUNK_BYTES = 1_024;
/** These options also return the content of a truncated stream. */
const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH, chunkSize: CHUNK_BYTES };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, chunkSize: CHUNK_BYTES };

const NONE = ['', 'identity', 'none'];
const DECODERS: ReadonlyMap<string, readonly (() => Transform)[]> = new Map([
  ['gzip', [() => createGunzip(ZLIB)]],
  ['x-gzip', [() => createGunzip(ZLIB)]],
  ['br', [() => createBrotliDecompress(BROTLI)]],
  // With the header that the standard requires; then without it, as some servers send it.
  ['deflate', [() => createInflate(ZLIB), () => createInflateRaw(ZLIB)]],
]);

export const isCompressed = (contentEncoding: string | undefined): boolean =>
  contentEncoding !== undefined && codingsOf(contentEncoding).length > 0;

/**
 * Decodes the Content-Encoding of an answer, and gzip that the header does not name. Ignores a coding that does not fit: a proxy may
 * have decoded the body and left the header.
 *
 * @param maxBytes Limit of the output: a few bytes can decompress to gigabytes.
 * @see RFC 9110, 8.4
 */
export async function decompress(
  bytes: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): Promise<Decompressed> {
  const codings = codingsOf(contentEncoding).reverse();
  if (codings.length > MOST_LAYERS) return { bytes, why: 'it has too many layers of encoding' };
  let result: Decompressed = { bytes };
  for (const coding of codings) {
    result = await decode(coding, result.bytes, maxBytes);
    if (result.why !== undefined) return result;
  }
  for (let layers = 0; layers < MOST_LAYERS && isGzip(result.bytes) && result.why === undefined; layers++) {
    result = await decode('gzip', result.bytes, maxBytes);
  }
  return result;
}

const codingsOf = (contentEncoding = ''): string[] =>
  contentEncoding
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => !NONE.includes(coding));

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

async function decode(coding: string, bytes: Buffer, maxBytes: number): Promise<Decompressed> {
  let best: Decompressed | undefined;
  for (const makeDecoder of DECODERS.get(coding) ?? []) {
    const result = await run(makeDecoder(), coding, bytes, maxBytes);
    if (result.why === undefined) return result;
    if (best === undefined || result.bytes.length > best.bytes.length) best = result;
  }
  if (isUtf8(bytes)) return { bytes };
  // Any other name may be anything, so it is not shown.
  const name = /^[\w-]{1,20}$/.test(coding) ? ` (${coding})` : '';
  return best ?? { bytes, why: `its encoding${name} is not supported` };
}

/** Decompresses a body. With damage, or beyond the limit, it returns the bytes before it. */
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
