import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import { readableThrown } from '../errors/readable-thrown.js';

/** The fallback of the conventions. */
const OTHER = '_OTHER';

/**
 * The attribute `error.type` of an error: the `kind` of an `OurSmsGatewayError`, the class of any other error, `_OTHER` for what
 * is no error. Never its message or its `name`, which code of the application may have put anything into. Never throws.
 */
export function errorType(thrown: unknown): string {
  const error = readableThrown(thrown);
  if (error instanceof OurSmsGatewayError) return error.kind;
  if (error instanceof OurSmsError) return error.name;
  return error instanceof Error ? className(error) : OTHER;
}

function className(error: Error): string {
  const prototype = Object.getPrototypeOf(error) as { constructor?: { name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : OTHER;
}
