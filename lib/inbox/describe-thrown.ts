import { readableThrown } from '../errors/readable-thrown.js';
import { redact } from '../gateway/redactor.js';

/** Name and message of an error of the application, without numbers, for a log line. Never throws. */
export function describeThrown(thrown: unknown): string {
  const { name, message } = (readableThrown(thrown) ?? {}) as { name?: unknown; message?: unknown };
  if (typeof name !== 'string' || typeof message !== 'string') return 'a value that is not an Error';
  return redact(`${name}: ${message}`, { secrets: [] });
}
