import { context, ROOT_CONTEXT, trace, type Span } from '@opentelemetry/api';
import type { DlrStatus } from '../dto/dlr.js';
import type { ProcessSpan } from '../telemetry/telemetry.js';
import type { AccountMetrics } from './account-metrics.js';
import { errorType, markFailed } from './error-type.js';

/** Statuses that are not final. */
const INTERIM: readonly DlrStatus[] = ['sent', 'unknown'];

/** Span and metrics of the delivery of a report to its listeners. */
export class TracedProcess implements ProcessSpan {
  readonly #startedAt = performance.now();

  /**
   * @param receivedAt ISO 8601, UTC.
   * @param sentAt When the message was sent, if known: milliseconds since 1970.
   */
  constructor(
    private readonly span: Span,
    private readonly metrics: AccountMetrics | undefined,
    private readonly status: DlrStatus,
    private readonly receivedAt: string,
    private readonly sentAt: number | undefined,
  ) {}

  run<T>(call: () => T): T {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.span), call);
  }

  end(): void {
    this.#end(undefined);
    const { status, receivedAt, sentAt } = this;
    if (sentAt === undefined || INTERIM.includes(status)) return;
    // The clocks of two processes may differ a little.
    this.metrics?.settled(status, Math.max(0, Date.parse(receivedAt) - sentAt) / 1_000);
  }

  fail(error: unknown): void {
    const type = errorType(error);
    markFailed(this.span, type);
    this.#end(type);
  }

  #end(type: string | undefined): void {
    this.span.end();
    this.metrics?.processed(type, (performance.now() - this.#startedAt) / 1_000);
  }
}
