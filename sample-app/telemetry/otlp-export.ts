import type { OnApplicationShutdown } from '@nestjs/common';
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const EXPORT_EVERY_MS = 10_000;

/** Exports the traces and metrics of the application to a collector, until the application ends. */
export class OtlpExport implements OnApplicationShutdown {
  readonly #tracers: BasicTracerProvider;
  readonly #meters: MeterProvider;

  /** @param endpoint The address of the collector, such as `http://127.0.0.1:4318`. */
  private constructor(endpoint: string) {
    const base = endpoint.replace(/\/+$/, '');
    const resource = resourceFromAttributes({ 'service.name': 'nestjs-oursms-sample' });
    const spans = new OTLPTraceExporter({ url: `${base}/v1/traces` });
    const exporter = new OTLPMetricExporter({ url: `${base}/v1/metrics` });
    this.#tracers = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(spans)] });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: EXPORT_EVERY_MS });
    this.#meters = new MeterProvider({ resource, readers: [reader] });
  }

  /** Registers it. Before the application is made: `openTelemetry()` looks for what is registered. */
  static start(endpoint: string): OtlpExport {
    const started = new OtlpExport(endpoint);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(started.#tracers);
    metrics.setGlobalMeterProvider(started.#meters);
    return started;
  }

  /** Exports what is left. A collector that is away does not keep the application from ending. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled([this.#tracers.shutdown(), this.#meters.shutdown()]);
    for (const api of [context, trace, metrics]) api.disable();
  }
}
