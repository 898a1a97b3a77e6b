/** A JSON value, or why a text is none. */
export type ParsedJson = { ok: true; value: unknown } | { ok: false; why: string };

/** Parses an answer. Never throws, and keeps integers that a JavaScript number would round (ids) as strings. */
export function parseJson(text: string): ParsedJson {
  const json = text.replace(/^\uFEFF/, '');
  if (json.trim() === '') return { ok: false, why: 'it is empty' };
  try {
    return { ok: true, value: JSON.parse(quoteLargeIntegers(json)) };
  } catch {
    return { ok: false, why: /^\s*</.test(json) ? 'it is HTML or XML, not JSON' : 'it is not JSON, or it was cut' };
  }
}

function quoteLargeIntegers(json: string): string {
  if (!/\d{16}/.test(json)) return json;
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

/** A JSON object, and neither an array nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads fields by name, whatever the case and the underscores (`msgId`, `MsgId`, `msg_id`); the first that is set. */
export class FieldReader {
  readonly #fields = new Map<string, unknown>();

  constructor(record: Record<string, unknown>) {
    for (const [name, value] of Object.entries(record)) this.#fields.set(plain(name), value);
  }

  /** The first of these fields that is neither absent nor null. */
  first(...names: string[]): unknown {
    return names.map((name) => this.#fields.get(plain(name))).find((value) => value !== undefined && value !== null);
  }

  /** A field as text: a string that is not blank, or a number. */
  text(...names: string[]): string | undefined {
    const value = this.first(...names);
    if (typeof value === 'number') return String(value);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** A field as a number: a number, or a numeric string. Never invented: undefined when it is neither. */
  number(...names: string[]): number | undefined {
    return toNumber(this.first(...names));
  }
}

/** A number, or a numeric string as a number; otherwise undefined. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

const plain = (name: string): string => name.toLowerCase().replaceAll('_', '');
