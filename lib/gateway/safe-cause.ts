import type { Call } from './call.js';

/** A field of a thrown value; undefined when it does not exist or its getter throws. */
export function readField(thrown: unknown, field: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}

/**
 * The `cause` for an error of the application's code: its name and message without secrets. Nothing else is copied: an AxiosError
 * holds the whole request.
 */
export function safeCause(thrown: unknown, call: Call): Error {
  const message = typeof thrown === 'string' ? thrown : readField(thrown, 'message');
  const name = readField(thrown, 'name');
  const cause = new Error((typeof message === 'string' && call.redact(message)) || 'no message');
  const shownName = typeof name === 'string' ? call.redact(name) : undefined;
  Object.defineProperty(cause, 'name', { value: shownName ?? 'Error' });
  // The stack of the new Error would show this function, not where the application threw.
  Object.defineProperty(cause, 'stack', { value: `${cause.name}: ${cause.message}` });
  return cause;
}
