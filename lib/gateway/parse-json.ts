/** A JSON value, or why a text is none. */
export type ParsedJson = { ok: true; value: unknown } | { ok: false; why: string };

/** Where a run of digits begins: with `\d{16}` alone, each digit of a shorter one would be tried as a beginning. */
const LONG_NUMBER = /(?:^|\D)\d{16}/;

/** Parses an answer. Never throws, and keeps integers that a JavaScript number would round (ids) as strings. */
export function parseJson(text: string): ParsedJson {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return { ok: true, value: JSON.parse(LONG_NUMBER.test(json) ? quoteLargeIntegers(json) : json) };
  } catch {
    if (json.trim() === '') return { ok: false, why: 'it is empty' };
    return { ok: false, why: /^\s*</.test(json) ? 'it is HTML or XML, not JSON' : 'it is not JSON, or it was cut' };
  }
}

function quoteLargeIntegers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${token}"` : token,
  );
}

/** A JSON object, and neither an array nor null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number, or a numeric string as a number; otherwise undefined. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
