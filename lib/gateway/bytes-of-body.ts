import { jsonOf } from './shallow-row.js';

/** The bytes of a pushed body: the raw bytes, the bytes of a text, or the JSON of a parsed body. */
export function bytesOfBody(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(typeof body === 'string' ? body : toJson(body));
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // It is nested too deep for the stack. Any other error means that a parser did not make this value.
    if (error instanceof RangeError) return jsonOf(value);
    throw error;
  }
}
