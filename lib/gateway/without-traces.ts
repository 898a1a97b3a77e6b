/** Where the API of OpenTelemetry, version 1, keeps what an application has registered: it is the same for all its copies. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
/** The key in a context under which the SDK of OpenTelemetry looks whether spans are wanted. */
const SUPPRESS_TRACING = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

interface Context {
  setValue(key: symbol, value: unknown): Context;
}

interface ContextManager {
  active(): Context;
  with<T>(context: Context, run: () => T): T;
}

/**
 * Runs a request without spans of OpenTelemetry, which would hold its URL or its `Authorization` header, and without its
 * headers, which would go to the provider. Where no OpenTelemetry is registered, it just runs.
 */
export function withoutTraces<T>(run: () => T): T {
  const registered = (globalThis as { [REGISTERED]?: { context?: ContextManager } })[REGISTERED];
  const contexts = registered?.context;
  if (contexts === undefined) return run();
  return contexts.with(contexts.active().setValue(SUPPRESS_TRACING, true), run);
}
