import { describeText } from 'nestjs-oursms';
import type { ListedFields } from './list-columns.js';

/** As the module reads a campaign's text: `{name}` is a field, `{{` and `}}` are braces. */
const PIECES = /\{\{|\}\}|\{([\p{L}_][\p{L}\p{N}_]*)\}/gu;

/** A text for one recipient, or why there is none. */
export type FilledText = { ok: true; text: string } | { ok: false; reason: string };

/** The fields of a campaign's text. */
export class TextFields {
  /** The names that stand in braces. */
  readonly names: readonly string[];

  constructor(private readonly body: string) {
    this.names = [...new Set([...body.matchAll(PIECES)].flatMap(([, name]) => (name === undefined ? [] : [name])))];
  }

  /** The text for a recipient. */
  fill(fields: ListedFields): FilledText {
    const missing = this.names.filter((name) => !Object.hasOwn(fields, name));
    if (missing.length > 0) {
      return { ok: false, reason: `has no field ${missing.map((name) => `{${name}}`).join(', ')}` };
    }
    const text = this.body.replace(PIECES, (piece: string, name: string | undefined) =>
      name === undefined ? piece.slice(1) : (fields[name] ?? ''),
    );
    return text === '' ? { ok: false, reason: 'has an empty text' } : { ok: true, text };
  }

  /** The fields whose values take the text out of the GSM-7 alphabet. */
  dear(fields: ListedFields): string[] {
    return this.names.filter((name) => describeText(fields[name] ?? '').encoding === 'UCS-2');
  }
}
