type ParsedJson = { ok: true; value: unknown } | { ok: false; why: string };

/** Matches only at the start of a run of digits: `\d{16}` alone would retry at each digit of a shorter run. */
const LONG_NUMBER = /(?:^|\D)\d{16}/;

/** Parses an answer. Never throws. Integers that a JavaScript number would round (ids) become strings. */
export function parseJson(text: string): ParsedJson {
  const json = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return { ok: true, value: JSON.parse(LONG_NUMBER.test(json) ? quoteLargeIntegers(json) : json) };
  } catch {
    if (json.trim() === '') return { ok: false, why: 'it is empty' };
    return { ok: false, why: /^\s*</.test(json) ? 'it is HTML or XML, not JSON' : 'it is not JSON, or it was cut' };
  }
}

/** One pass over the text: its time must be linear, whatever the gateway sends. */
function quoteLargeIntegers(json: string): string {
  let quoted = '';
  let copied = 0;
  for (let at = 0; at < json.length;) {
    if (json[at] === '"') {
      at = endOfText(json, at);
    } else if (startsNumber(json.charCodeAt(at))) {
      const end = endOfNumber(json, at);
      const digits = end - at >= 16 ? json.slice(at, end) : '';
      if (/^-?\d{16,}$/.test(digits) && !Number.isSafeInteger(Number(digits))) {
        quoted += `${json.slice(copied, at)}"${digits}"`;
        copied = end;
      }
      at = end;
    } else at += 1;
  }
  return quoted + json.slice(copied);
}

/** The index after the JSON string that starts at `from`; the length of the JSON when the string is cut. */
export function endOfText(json: string, from: number): number {
  for (let at = from + 1; at < json.length; at++) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at + 1;
  }
  return json.length;
}

const startsNumber = (code: number): boolean => (code >= 0x30 && code <= 0x39) || code === 0x2d;

function endOfNumber(json: string, from: number): number {
  let at = from + 1;
  while (at < json.length && '0123456789.eE+-'.includes(json[at] as string)) at += 1;
  return at;
}

/** Whether a value is a JSON object: not an array, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number, or a numeric string as a number; otherwise undefined. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
