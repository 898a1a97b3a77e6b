import { isRecord } from './parse-json.js';

/** The deepest nesting of a row. Real rows are flat; a few thousand levels would exhaust the stack of the code that stores it. */
export const MOST_LEVELS = 20;

/** A row whose values below {@link MOST_LEVELS} are replaced by their JSON, as text. */
export const shallowRow = (row: unknown): unknown => (isShallow(row, 0) ? row : withoutDepth(row, 0));

function isShallow(value: unknown, level: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (level > MOST_LEVELS) return false;
  // A loop, since this runs for every row.
  for (const name in value) if (!isShallow((value as Record<string, unknown>)[name], level + 1)) return false;
  return true;
}

function withoutDepth(value: unknown, level: number): unknown {
  if (isShallow(value, level)) return value;
  if (level > MOST_LEVELS) return jsonOf(value);
  if (Array.isArray(value)) return value.map((item) => withoutDepth(item, level + 1));
  const fields = Object.entries(value as object);
  return Object.fromEntries(fields.map(([name, part]) => [name, withoutDepth(part, level + 1)]));
}

/** The JSON of a parsed value of any depth. `JSON.stringify` is recursive, and would exhaust the stack. */
export function jsonOf(value: unknown): string {
  let json = '';
  const todo: ({ text: string } | { value: unknown })[] = [{ value }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if ('text' in next) json += next.text;
    else if (Array.isArray(next.value)) {
      const items = next.value as unknown[];
      todo.push({ text: ']' });
      for (let i = items.length - 1; i >= 0; i--) todo.push({ value: items[i] }, { text: i > 0 ? ',' : '' });
      todo.push({ text: '[' });
    } else if (isRecord(next.value)) {
      const entries = Object.entries(next.value);
      todo.push({ text: '}' });
      for (let i = entries.length - 1; i >= 0; i--) {
        const [name, part] = entries[i] as [string, unknown];
        todo.push({ value: part }, { text: `${i > 0 ? ',' : ''}${JSON.stringify(name)}:` });
      }
      todo.push({ text: '{' });
    } else json += JSON.stringify(next.value);
  }
  return json;
}
