import { isEnvelope } from './find-rows.js';
import { endOfText, isRecord, parseJson } from './parse-json.js';

/** Complete rows of a list that cannot be parsed as a whole. */
interface Salvage {
  /** The complete rows before the first incomplete or damaged one. */
  rows: unknown[];
  /** Whether the text ends before the list does, so that rows may be missing. */
  cut: boolean;
}

/** Reads the complete rows of a list of JSON objects that is cut or damaged. Never throws. */
export function salvageRows(text: string): Salvage {
  const rows: unknown[] = [];
  const list = startOfList(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  if (list === undefined) return { rows, cut: false };
  let at = list;
  for (;;) {
    at = skip(text, at);
    if (at >= text.length) return { rows, cut: true };
    if (text[at] !== '{') return { rows, cut: false };
    const end = endOfValue(text, at);
    if (end === undefined) return { rows, cut: true };
    const row = parseJson(text.slice(at, end));
    if (!row.ok || !isRecord(row.value)) return { rows, cut: false };
    rows.push(row.value);
    at = end;
  }
}

/** The index after the bracket that opens the list of reports: here, or in fields with known names, at most two levels deep. */
function startOfList(text: string, from: number, depth = 0): number | undefined {
  let at = skip(text, from);
  // An empty list may stand before the list of reports.
  if (text[at] === '[') return text[skip(text, at + 1)] === ']' ? undefined : at + 1;
  if (text[at] !== '{') return undefined;
  at = skip(text, at + 1);
  while (text[at] === '"') {
    const endOfName = endOfText(text, at);
    const name = text.slice(at + 1, endOfName - 1);
    at = skip(text, endOfName);
    if (text[at] !== ':') return undefined;
    at = skip(text, at + 1);
    const found = isEnvelope(name) && (text[at] === '[' || depth === 0) ? startOfList(text, at, depth + 1) : undefined;
    if (found !== undefined) return found;
    const end = endOfValue(text, at);
    if (end === undefined) return undefined;
    at = skip(text, end);
  }
  return undefined;
}

/** The index of the next character that is neither white space nor a comma. */
function skip(text: string, from: number): number {
  let at = from;
  while (at < text.length && ' \t\r\n,'.includes(text[at] as string)) at += 1;
  return at;
}

/** The end of the value that starts here; undefined when the value is cut. */
function endOfValue(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length;) {
    const character = text[at] as string;
    if (depth === 0 && ',]}'.includes(character)) return at;
    if ('[{'.includes(character)) depth += 1;
    else if (']}'.includes(character)) depth -= 1;
    at = character === '"' ? endOfText(text, at) : at + 1;
    if (depth === 0 && '"]}'.includes(character)) return at;
  }
  return undefined;
}
