import { readableThrown } from '../errors/readable-thrown.js';
import { redact } from '../gateway/redactor.js';

/** Name and message of what foreign code threw, for a log line, without the numbers that it may hold. Never throws. */
export function describeThrown(thrown: unknown): string {
  const { name, message } = (readableThrown(thrown) ?? {}) as { name?: unknown; message?: unknown };
  if (typeof name !== 'string' || typeof message !== 'string') return 'a value that is not an Error';
  return redact(`${name}: ${message}`, { secrets: [] });
}
