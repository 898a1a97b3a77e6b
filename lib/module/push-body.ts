import { Readable } from 'node:stream';
import { bytesOfBody } from '../gateway/bytes-of-body.js';
import type { RawBody } from '../gateway/decode-body.js';

/** The part of a request that Express and Fastify share; `raw` is of Fastify alone. */
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
 * Takes the body of a push: from its connection, if nothing has read it yet; else as a parser of the application left it, in its
 * bytes if they were kept.
 *
 * @param contentType What the gateway calls it.
 */
export async function pushBody(request: PushRequest, contentType: unknown, maxBytes: number): Promise<PushBody> {
  const { headers, body } = request;
  if (Number(headers['content-length']) > maxBytes) return 'tooLarge';
  const connection = request.raw ?? request;
  // Fastify gives the stream as the body, where its parser is ours; a hook may have decompressed it.
  const stream = [body, connection].find(isUnread);
  if (stream !== undefined) {
    const bytes = await readBytes(stream, maxBytes);
    if (typeof bytes === 'string') return bytes;
    const contentEncoding = stream === connection ? headerText(headers['content-encoding']) : undefined;
    return { bytes, contentType: headerText(contentType), contentEncoding };
  }
  const { rawBody } = request;
  // What a parser has read is not compressed any more; its bytes are those of the gateway, its text is not.
  const isBytes = rawBody instanceof Uint8Array || body instanceof Uint8Array;
  const given = rawBody ?? body;
  if (given === undefined && hasBody(headers)) return 'consumed';
  const bytes = bytesOfBody(given);
  if (bytes.length > maxBytes) return 'tooLarge';
  return { bytes, contentType: isBytes ? headerText(contentType) : undefined };
}

const isUnread = (value: unknown): value is Readable => value instanceof Readable && !value.readableDidRead;

/** Not by `for await`: that destroys the connection when it stops, and the answer with it. */
function readBytes(stream: Readable, maxBytes: number): Promise<Buffer | 'tooLarge' | 'aborted'> {
  // Its events are over.
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
