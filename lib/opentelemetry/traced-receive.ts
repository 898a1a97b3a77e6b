import type { Span } from '@opentelemetry/api';
import type { ReceiveSpan, ReportSource } from '../telemetry/telemetry.js';
import type { AccountMetrics } from './account-metrics.js';
import { ATTRIBUTES } from './attributes.js';
import { errorType, markFailed } from './error-type.js';

/** Span and metrics of a download or a push. */
export class TracedReceive implements ReceiveSpan {
  readonly #startedAt = performance.now();

  constructor(
    private readonly span: Span,
    private readonly metrics: AccountMetrics | undefined,
    private readonly source: ReportSource,
  ) {}

  end(reports?: number): void {
    if (reports !== undefined) this.span.setAttribute(ATTRIBUTES.batchCount, reports);
    this.#end(undefined);
  }

  fail(error: unknown): void {
    const type = errorType(error);
    markFailed(this.span, type);
    this.#end(type);
  }

  #end(type: string | undefined): void {
    this.span.end();
    this.metrics?.received(this.source, type, (performance.now() - this.#startedAt) / 1_000);
  }
}
