/** Global key of what an application registered with the API of OpenTelemetry, version 1: the same for all copies of the API. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
/** Context key by which the SDK of OpenTelemetry disables tracing. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface ContextManager {
  active(): Context;
  with<T>(context: Context, run: () => T): T;
}

/**
 * Runs a request without tracing by OpenTelemetry: a span would contain the URL or the `Authorization` header, and a `traceparent`
 * header would go to the provider.
 */
export function withoutTraces<T>(run: () => T): T {
  const registered = (globalThis as { [REGISTERED]?: { context?: ContextManager } })[REGISTERED];
  const contexts = registered?.context;
  if (contexts === undefined) return run();
  return contexts.with(contexts.active().setValue(SUPPRESS_TRACING, true), run);
}
