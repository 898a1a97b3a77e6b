import { context, ROOT_CONTEXT, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { DlrStatus } from '../dto/dlr.js';
import type { ProcessSpan } from '../telemetry/telemetry.js';
import type { AccountMetrics } from './account-metrics.js';
import { ATTRIBUTES } from './attributes.js';
import { errorType } from './error-type.js';

/** Statuses that a message may still leave. */
const INTERIM: readonly DlrStatus[] = ['sent', 'unknown'];

/** Facts about the report that is delivered. */
export interface ProcessedReport {
  status: DlrStatus;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** When its message was sent, where that is known: milliseconds since 1970. */
  sentAt: number | undefined;
}

/** The span of the delivery of a report to its listeners, and its part of the metrics. */
export class TracedProcess implements ProcessSpan {
  readonly #startedAt = performance.now();

  constructor(
    private readonly span: Span,
    private readonly metrics: AccountMetrics | undefined,
    private readonly report: ProcessedReport,
  ) {}

  run<T>(call: () => T): T {
    return context.with(trace.setSpan(ROOT_CONTEXT, this.span), call);
  }

  end(): void {
    this.#end(undefined);
    const { status, receivedAt, sentAt } = this.report;
    if (sentAt === undefined || INTERIM.includes(status)) return;
    // Clocks of two processes may disagree by a little.
    this.metrics?.settled(status, Math.max(0, Date.parse(receivedAt) - sentAt) / 1_000);
  }

  fail(error: unknown): void {
    const type = errorType(error);
    this.span.setAttribute(ATTRIBUTES.errorType, type);
    this.span.setStatus({ code: SpanStatusCode.ERROR });
    this.#end(type);
  }

  #end(type: string | undefined): void {
    this.span.end();
    this.metrics?.processed(type, (performance.now() - this.#startedAt) / 1_000);
  }
}
