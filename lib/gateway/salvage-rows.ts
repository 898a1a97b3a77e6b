import { isRecord, parseJson } from './parse-json.js';

/** What can be read of a list that cannot be read as a whole. */
export interface Salvage {
  /** The rows that are whole, up to the first that is not. */
  rows: unknown[];
  /** Whether the text ends before the list does: more may have been in it. */
  cut: boolean;
}

/** Reads the whole rows of a list of JSON objects that breaks off or is damaged. Never throws. */
export function salvageRows(text: string): Salvage {
  const rows: unknown[] = [];
  const list = /^\s*(?:\{\s*"[^"\\]*"\s*:\s*)?\[/.exec(text.replace(/^\ufeff/, ' '));
  if (list === null) return { rows, cut: false };
  let at = list[0].length;
  for (;;) {
    at = skip(text, at);
    if (at >= text.length) return { rows, cut: true };
    if (text[at] !== '{') return { rows, cut: false };
    const end = endOfObject(text, at);
    if (end === undefined) return { rows, cut: true };
    const row = parseJson(text.slice(at, end));
    if (!row.ok || !isRecord(row.value)) return { rows, cut: false };
    rows.push(row.value);
    at = end;
  }
}

/** The next character that is neither space nor a comma. */
function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n,'.includes(text[at] as string)) at += 1;
  return at;
}

/** Where the object that starts here ends; undefined when it does not. */
function endOfObject(text: string, from: number): number | undefined {
  let depth = 0;
  let inText = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inText) {
      if (character === '\\') at += 1;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return undefined;
}
