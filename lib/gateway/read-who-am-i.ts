import type { WhoAmI } from '../dto/who-am-i.js';
import { FieldReader } from './field-reader.js';

/** Reads the answer to "who am I", with or without an envelope. A field that the gateway did not send is undefined. */
export function readWhoAmI(answer: Record<string, unknown>): WhoAmI {
  const inside = new FieldReader(answer).first('user', 'data', 'result');
  const readers = [new FieldReader(answer), new FieldReader(inside)];
  const text = (...names: string[]): string | undefined =>
    readers.map((fields) => fields.text(...names)).find((value) => value !== undefined);
  return { userId: text('userId', 'id'), username: text('username'), email: text('email'), raw: answer };
}
