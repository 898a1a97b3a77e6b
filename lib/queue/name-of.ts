import { readableThrown } from '../errors/readable-thrown.js';

/** Name of what foreign code threw: its message may hold what was stored, or a password. Never throws. */
export function nameOf(error: unknown): string {
  const { name } = (readableThrown(error) ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name.slice(0, 80) : 'not an Error';
}
