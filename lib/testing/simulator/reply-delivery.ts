import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from './fault-kinds.js';
import type { WireReply } from './fault-replies.js';

const CHUNK_BYTES = 65_536;

/**
 * Writes a reply to the connection as the fault demands.
 *
 * @param signal Aborts waiting when the simulator stops.
 */
export async function deliverReply(
  res: ServerResponse,
  reply: WireReply | undefined,
  fault: Fault | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (reply === undefined) {
    if (fault?.kind !== 'hang') res.socket?.resetAndDestroy();
    return;
  }
  const body = Buffer.from(reply.body);
  if (fault?.kind !== 'huge') res.setHeader('content-length', body.length);
  res.writeHead(reply.status, reply.headers);
  switch (fault?.kind) {
    case 'halfClosed':
      return cutShort(res, body.subarray(0, fault.bytes ?? body.length >> 1));
    case 'slowBody':
      return drip(res, body, fault.bytes ?? 1, () => wait(fault.everyMs ?? 100, undefined, { signal }));
    case 'huge':
      return pipeline(Readable.from(jsonString(fault.bytes ?? 64 * 1024 * 1024)), res, { signal });
    default:
      res.end(body);
  }
}

function cutShort(res: ServerResponse, start: Buffer): void {
  const { socket } = res;
  res.flushHeaders();
  if (start.length === 0) socket?.end();
  else res.write(start, () => socket?.end());
}

async function drip(res: ServerResponse, body: Buffer, bytes: number, pause: () => Promise<unknown>): Promise<void> {
  res.flushHeaders();
  for (let sent = 0; sent < body.length && !res.destroyed; sent += bytes) {
    await pause();
    res.write(body.subarray(sent, sent + bytes));
  }
  res.end();
}

/** One JSON string. `bytes` includes the quotes. */
function* jsonString(bytes: number): Generator<Buffer> {
  yield Buffer.from('"');
  for (let left = bytes - 2; left > 0; left -= CHUNK_BYTES) yield Buffer.alloc(Math.min(left, CHUNK_BYTES), 'x');
  yield Buffer.from('"');
}
