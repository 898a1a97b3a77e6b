import { SpanStatusCode, type Span } from '@opentelemetry/api';
import { OurSmsGatewayError } from '../errors/oursms-gateway.error.js';
import { OurSmsError } from '../errors/oursms.error.js';
import { readableThrown } from '../errors/readable-thrown.js';
import { ATTRIBUTES } from './attributes.js';

/** Fallback value of the conventions. */
const OTHER = '_OTHER';

/**
 * Value of the attribute `error.type`: the `kind` of an `OurSmsGatewayError`, the class of any other error, `_OTHER` for a value
 * that is not an error. Never the message or the `name`: the application may have put any text there. Never throws.
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

/** Marks a span as failed with a value of {@link errorType}. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute(ATTRIBUTES.errorType, type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
