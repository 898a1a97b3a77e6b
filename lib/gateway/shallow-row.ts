import { isRecord } from './parse-json.js';

/** Levels that a row may nest. Rows are flat; what nests deeper than a few thousand exhausts the stack of what keeps it. */
export const MOST_LEVELS = 20;

/** A row as it came; what it nests too deep is its JSON, as text. */
export const shallowRow = (row: unknown): unknown => (isShallow(row, 0) ? row : withoutDepth(row, 0));

function isShallow(value: unknown, level: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return level <= MOST_LEVELS && Object.values(value).every((part) => isShallow(part, level + 1));
}

function withoutDepth(value: unknown, level: number): unknown {
  if (isShallow(value, level)) return value;
  if (level > MOST_LEVELS) return jsonOf(value);
  if (Array.isArray(value)) return value.map((item) => withoutDepth(item, level + 1));
  const fields = Object.entries(value as object);
  return Object.fromEntries(fields.map(([name, part]) => [name, withoutDepth(part, level + 1)]));
}

/** The JSON of a value that was parsed, however deep it is: `JSON.stringify` calls itself. */
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
