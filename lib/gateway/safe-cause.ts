import type { Call } from './call.js';

/** A field of something that was thrown; undefined also when it cannot be read. */
export function read(thrown: unknown, field: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[field];
  } catch {
    return undefined;
  }
}

/**
 * An error of the application's code, for the `cause` of an error: its name and message without secrets, and nothing else of
 * it. An AxiosError holds the whole request.
 */
export function safeCause(thrown: unknown, call: Call): Error {
  const message = typeof thrown === 'string' ? thrown : read(thrown, 'message');
  const name = read(thrown, 'name');
  const cause = new Error((typeof message === 'string' && call.redact(message)) || 'no message');
  const shownName = typeof name === 'string' ? call.redact(name) : undefined;
  Object.defineProperty(cause, 'name', { value: shownName ?? 'Error' });
  // Its own stack says nothing of the place where it was thrown.
  Object.defineProperty(cause, 'stack', { value: `${cause.name}: ${cause.message}` });
  return cause;
}
