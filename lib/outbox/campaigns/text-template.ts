const PIECES = /\{\{|\}\}|\{([\p{L}_][\p{L}\p{N}_]*)\}/gu;

/** A text, or why it cannot be made. */
export type RenderedText = { ok: true; text: string } | { ok: false; reason: string };

/** A text with `{names}` in it, where a recipient's fields are put. `{{` and `}}` stand for braces. */
export class TextTemplate {
  /** The fields that it takes. */
  readonly names: readonly string[];

  constructor(private readonly body: string) {
    this.names = [...new Set([...body.matchAll(PIECES)].flatMap(([, name]) => (name === undefined ? [] : [name])))];
  }

  /** The text for a recipient. */
  render(fields: Readonly<Record<string, unknown>>): RenderedText {
    const missing = this.names.filter((name) => !isPrintable(fields, name));
    if (missing.length > 0)
      return { ok: false, reason: `has no field ${missing.map((name) => `{${name}}`).join(', ')}` };
    const text = this.body.replace(PIECES, (piece, name: string | undefined) =>
      name === undefined ? (piece[0] as string) : String(fields[name]),
    );
    return { ok: true, text };
  }
}

const isPrintable = (fields: Readonly<Record<string, unknown>>, name: string): boolean =>
  Object.hasOwn(fields, name) && (typeof fields[name] === 'string' || typeof fields[name] === 'number');
