import { jsonOf } from './shallow-row.js';

/** The bytes of a body: as they came, those of its text, or those of the JSON of what a parser made of it. */
export function bytesOfBody(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return Buffer.from(typeof body === 'string' ? body : toJson(body));
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // It is nested deeper than the stack reaches. Anything else that cannot be JSON did not come from a parser.
    if (error instanceof RangeError) return jsonOf(value);
    throw error;
  }
}
