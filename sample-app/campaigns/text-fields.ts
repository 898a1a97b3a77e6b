import { describeText } from 'nestjs-oursms';
import type { ListedFields } from './list-columns.js';

/** As the module reads a campaign's text: `{name}` is a field, `{{` and `}}` are braces. */
const PIECES = /\{\{|\}\}|\{([\p{L}_][\p{L}\p{N}_]*)\}/gu;

/** The fields of a campaign's text. */
export class TextFields {
  /** The names that stand in braces. */
  readonly names: readonly string[];

  constructor(private readonly body: string) {
    this.names = [...new Set([...body.matchAll(PIECES)].flatMap(([, name]) => (name === undefined ? [] : [name])))];
  }

  /** The text for a recipient who has all of them. */
  fill(fields: ListedFields): string {
    return this.body.replace(PIECES, (piece: string, name: string | undefined) =>
      name === undefined ? piece.slice(1) : valueOf(fields, name),
    );
  }

  /** The fields whose values take the text out of the GSM-7 alphabet. */
  dear(fields: ListedFields): string[] {
    return this.names.filter((name) => describeText(valueOf(fields, name)).encoding === 'UCS-2');
  }
}

/** A field of the list, and nothing that every object has: a text may name `{constructor}`. */
const valueOf = (fields: ListedFields, name: string): string =>
  Object.hasOwn(fields, name) ? (fields[name] ?? '') : '';
