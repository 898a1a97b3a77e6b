import { context, metrics, SpanStatusCode, trace, type Attributes, type Link, type SpanKind } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** Collects when it is asked to: of gauges only what they tell now, where the SDK would repeat what they told last. */
class ManualReader extends MetricReader {
  constructor() {
    const { DELTA, CUMULATIVE } = AggregationTemporality;
    super({
      aggregationTemporalitySelector: (type) => (type === InstrumentType.OBSERVABLE_GAUGE ? DELTA : CUMULATIVE),
    });
  }

  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** A span as a test looks at it. */
export interface RecordedSpan {
  name: string;
  kind: SpanKind;
  attributes: Attributes;
  events: { name: string; attributes: Attributes }[];
  links: Link[];
  /** Whether it ended with an error. */
  failed: boolean;
  traceId: string;
  spanId: string;
  parentId: string | undefined;
}

/** A point of a metric: the value of a counter or a gauge, or the number and the sum of what a histogram has. */
export interface RecordedPoint {
  attributes: Attributes;
  value: number;
  sum?: number;
  buckets?: number[];
}

/**
 * The SDK of OpenTelemetry, registered as an application does it, with what it recorded in memory. The registration is the spec
 * file's own, as its globals are; {@link stop} undoes it.
 */
export class RecordedTelemetry {
  readonly #exporter = new InMemorySpanExporter();
  readonly #reader = new ManualReader();
  readonly #tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
  readonly #meters = new MeterProvider({ readers: [this.#reader] });
  /** Errors of the last collection. */
  errors: unknown[] = [];

  static start(): RecordedTelemetry {
    const recorded = new RecordedTelemetry();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(recorded.#tracers);
    metrics.setGlobalMeterProvider(recorded.#meters);
    return recorded;
  }

  /** The spans that have ended, by the name of their operation if one is given. */
  spans(operation?: string): RecordedSpan[] {
    const spans = this.#exporter.getFinishedSpans().map(toRecorded);
    return spans.filter(({ name }) => operation === undefined || name.split(' ')[0] === operation);
  }

  /** The only span of an operation. */
  span(operation: string): RecordedSpan {
    const [span, ...others] = this.spans(operation);
    if (span === undefined || others.length > 0) throw new Error(`there are ${others.length + (span ? 1 : 0)} spans`);
    return span;
  }

  clearSpans(): void {
    this.#exporter.reset();
  }

  /** Collects all metrics, by their names. */
  async collect(): Promise<Map<string, MetricData>> {
    const { resourceMetrics, errors } = await this.#reader.collect();
    this.errors = errors;
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    return new Map(all.map((metric) => [metric.descriptor.name, metric]));
  }

  /** Collects all metrics, and gives the points of one. */
  async points(name: string): Promise<RecordedPoint[]> {
    const metric = (await this.collect()).get(name);
    return (metric?.dataPoints ?? []).map(({ attributes, value }) =>
      typeof value === 'number'
        ? { attributes, value }
        : {
            attributes,
            value: (value as { count: number }).count,
            sum: (value as { sum?: number }).sum,
            buckets: (value as { buckets?: { boundaries: number[] } }).buckets?.boundaries,
          },
    );
  }

  /** Everything that was recorded, as one text. */
  async text(): Promise<string> {
    return JSON.stringify([this.spans(), [...(await this.collect()).values()]]);
  }

  async stop(): Promise<void> {
    trace.disable();
    metrics.disable();
    context.disable();
    await Promise.all([this.#tracers.shutdown(), this.#meters.shutdown()]);
  }
}

const toRecorded = (span: ReadableSpan): RecordedSpan => ({
  name: span.name,
  kind: span.kind,
  attributes: span.attributes,
  events: span.events.map(({ name, attributes = {} }) => ({ name, attributes })),
  links: span.links,
  failed: span.status.code === SpanStatusCode.ERROR,
  traceId: span.spanContext().traceId,
  spanId: span.spanContext().spanId,
  parentId: span.parentSpanContext?.spanId,
});
