import type { Sender, Senders } from '../dto/senders.js';
import { FieldReader } from './field-reader.js';

/** Names that the list of senders may have in an answer. */
const ENVELOPES = ['srcs', 'addresses', 'data', 'items', 'results'];
/** Fields of a row that may hold the sender. */
const NAMES = ['src', 'address', 'name'];

/** Reads the answer to "approved senders": a list, or a list in a field with a known name, at most two levels deep. */
export function readSenders(raw: unknown): Senders {
  const inside = ENVELOPES.map((name) => new FieldReader(raw).first(name));
  const deeper = inside.flatMap((value) => ENVELOPES.map((name) => new FieldReader(value).first(name)));
  const rows = [raw, ...inside, ...deeper].find((value): value is unknown[] => Array.isArray(value));
  return { senders: rows?.map(readSender), raw };
}

function readSender(raw: unknown): Sender {
  const src = typeof raw === 'object' ? new FieldReader(raw).text(...NAMES) : new FieldReader({ raw }).text('raw');
  return { src, raw };
}
