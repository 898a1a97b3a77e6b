import { Readable } from 'node:stream';
import { bytesOfBody } from '../gateway/bytes-of-body.js';
import type { RawBody } from '../gateway/decode-body.js';

/** The part of a request that Express and Fastify share; only Fastify has `raw`. */
export interface PushRequest {
  method?: string;
  url?: string;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders?: string[];
  params?: Record<string, unknown>;
  body?: unknown;
  /** Set by Nest when the application was made with `rawBody: true`. */
  rawBody?: unknown;
  raw?: Readable & { rawHeaders?: string[] };
}

/** The body of a push, or why there is none. */
type PushBody = RawBody | 'tooLarge' | 'aborted' | 'consumed';

/**
 * Reads the body of a push: from the connection, if nothing has read it yet; else from what a body parser left, the raw
 * bytes if there are any.
 *
 * @param contentType The Content-Type that the gateway sent.
 */
export async function pushBody(request: PushRequest, contentType: unknown, maxBytes: number): Promise<PushBody> {
  const { headers, body } = request;
  if (Number(headers['content-length']) > maxBytes) return 'tooLarge';
  const connection = request.raw ?? request;
  // With our content type parser, Fastify passes the stream as the body; a hook may have decompressed it.
  const stream = [body, connection].find(isUnread);
  if (stream !== undefined) {
    const bytes = await readBytes(stream, maxBytes);
    if (typeof bytes === 'string') return bytes;
    const contentEncoding = stream === connection ? headerText(headers['content-encoding']) : undefined;
    return { bytes, contentType: headerText(contentType), contentEncoding };
  }
  const { rawBody } = request;
  // A parser has decompressed the body. The Content-Type applies to its bytes, but not to a text, which is decoded already.
  const isBytes = rawBody instanceof Uint8Array || body instanceof Uint8Array;
  const given = rawBody ?? body;
  if (given === undefined && hasBody(headers)) return 'consumed';
  const bytes = bytesOfBody(given);
  if (bytes.length > maxBytes) return 'tooLarge';
  return { bytes, contentType: isBytes ? headerText(contentType) : undefined };
}

const isUnread = (value: unknown): value is Readable => value instanceof Readable && !value.readableDidRead;

/** Not by `for await`: it destroys the connection when it stops early, so that no answer can be sent. */
function readBytes(stream: Readable, maxBytes: number): Promise<Buffer | 'tooLarge' | 'aborted'> {
  // A destroyed stream emits no further events.
  if (stream.destroyed) return Promise.resolve('aborted');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        resolve('tooLarge');
      }
    });
    stream.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    stream.on('error', () => resolve('aborted'));
    stream.on('close', () => {
      if (!stream.readableEnded) resolve('aborted');
    });
  });
}

const hasBody = (headers: PushRequest['headers']): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const headerText = (header: unknown): string | undefined => (typeof header === 'string' ? header : undefined);
