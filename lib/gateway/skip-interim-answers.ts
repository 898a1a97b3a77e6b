import type { Socket } from 'node:net';

/** Longer than any interim answer. The HTTP parser refuses a longer head. */
const LONGEST_HEAD_BYTES = 16_384;
const INTERIM_START = Buffer.from('HTTP/1.1 1');
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Removes interim answers (1xx) from the bytes that a socket reads, so that the parser gets only final answers. The parser of undici
 * closes the connection on a `100 Continue` that it did not request, and then it is unknown whether the message was sent.
 *
 * For connections without pipelining: the first bytes after a request was written start an answer.
 *
 * @see RFC 9110, 15.2: a client must be able to parse interim answers, even if it does not expect them
 */
export function skipInterimAnswers<T extends Pick<Socket, 'read' | 'bytesWritten'>>(socket: T): T {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  // `bytesWritten` at the start of the last final answer.
  let answeredAt = -1;
  let held: Buffer = Buffer.alloc(0);
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size);
      if (chunk === null || answeredAt === socket.bytesWritten) return chunk;
      held = withoutInterim(held.length === 0 ? chunk : Buffer.concat([held, chunk]));
      if (held.length === 0 || mayBecomeInterim(held)) continue;
      answeredAt = socket.bytesWritten;
      const answer = held;
      held = Buffer.alloc(0);
      return answer;
    }
  };
  return socket;
}

function withoutInterim(bytes: Buffer): Buffer {
  let left = bytes;
  while (startsLikeInterim(left)) {
    const end = left.indexOf(HEAD_END);
    if (end < 0) return left;
    left = left.subarray(end + HEAD_END.length);
  }
  return left;
}

/** Whether more bytes are needed: to recognise an interim answer, or to find its end. */
const mayBecomeInterim = (bytes: Buffer): boolean => bytes.length <= LONGEST_HEAD_BYTES && startsLikeInterim(bytes);

function startsLikeInterim(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, INTERIM_START.length);
  return bytes.subarray(0, length).equals(INTERIM_START.subarray(0, length));
}
