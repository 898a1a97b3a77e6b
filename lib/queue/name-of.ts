import { readableThrown } from '../errors/readable-thrown.js';

/** The name of an error of foreign code, whose message may contain stored data or a password. Never throws. */
export function nameOf(error: unknown): string {
  const { name } = (readableThrown(error) ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name.slice(0, 80) : 'not an Error';
}
