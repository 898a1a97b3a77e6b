import { redact } from '../gateway/redactor.js';

/** What someone else's code threw, for a log line: its name and message, without the numbers that it may have put in. */
export function describeThrown(thrown: unknown): string {
  const { name, message } = (thrown ?? {}) as { name?: unknown; message?: unknown };
  if (typeof name !== 'string' || typeof message !== 'string') return 'a value that is no Error';
  return redact(`${name}: ${message}`, { secrets: [] });
}
