import { redact } from '../gateway/redactor.js';

/** What someone else's code threw, for a log line: its name and message, without the numbers that it may have put in. */
export function describeThrown(thrown: unknown): string {
  return redact(thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : 'a value that is no Error', {
    secrets: [],
  });
}
