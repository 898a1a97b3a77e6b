import type { IncomingMessage } from 'node:http';
import type { SimulatorRequest } from './simulator.records.js';

/** Far above 500 recipients and the longest text; it limits the memory that a faulty client can use. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Reads a whole request.
 *
 * @throws Error when the client closes early, or its body is larger than 4 MiB.
 */
export async function readRequest(req: IncomingMessage): Promise<SimulatorRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Error('the body passes 4 MiB');
    chunks.push(chunk);
  }
  const target = req.url ?? '';
  const question = target.indexOf('?');
  return {
    method: req.method ?? '',
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? '' : target.slice(question + 1),
    contentType: req.headers['content-type'],
    authorization: req.headers.authorization,
    body: Buffer.concat(chunks).toString('latin1'),
  };
}
