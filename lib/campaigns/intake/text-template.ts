const PIECES = /\{\{|\}\}|\{([\p{L}_][\p{L}\p{N}_]*)\}/gu;

/** A text, or why it cannot be rendered. */
export type RenderedText = { ok: true; text: string } | { ok: false; reason: string };

/** A text with `{names}`, which are replaced by a recipient's fields. `{{` and `}}` are literal braces. */
export class TextTemplate {
  /** Names of its fields. */
  readonly names: readonly string[];
  readonly #same: (RenderedText & { ok: true }) | undefined;

  constructor(private readonly body: string) {
    this.names = [...new Set([...body.matchAll(PIECES)].flatMap(([, name]) => (name === undefined ? [] : [name])))];
    if (this.names.length === 0) this.#same = { ok: true, text: this.#fill({}) };
  }

  /** The text of all recipients; undefined when it has fields. */
  get same(): string | undefined {
    return this.#same?.text;
  }

  /** The text for a recipient. */
  render(fields: Readonly<Record<string, unknown>>): RenderedText {
    if (this.#same) return this.#same;
    const missing = this.names.filter((name) => !Object.hasOwn(fields, name));
    if (missing.length > 0) return { ok: false, reason: `has no field ${listed(missing)}` };
    const odd = this.names.filter((name) => !isPrintable(fields[name]));
    if (odd.length > 0) return { ok: false, reason: `has neither a string nor a number for ${listed(odd)}` };
    return { ok: true, text: this.#fill(fields) };
  }

  #fill(fields: Readonly<Record<string, unknown>>): string {
    return this.body.replace(PIECES, (piece, name: string | undefined) =>
      name === undefined ? (piece[0] as string) : String(fields[name]),
    );
  }
}

/** Excludes NaN and infinities. */
const isPrintable = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value));

const listed = (names: readonly string[]): string => names.map((name) => `{${name}}`).join(', ');
