// Health checks for an orchestrator, and metrics for a dashboard (OTLP, to OTEL_EXPORTER_OTLP_ENDPOINT).
import { Body, Controller, Get, HttpCode, Injectable, Module, Post, UseFilters } from '@nestjs/common';
import type { INestApplication, OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { metrics } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { OnDlr, OurSmsExceptionFilter, OurSmsModule, OurSmsService } from 'nestjs-oursms';
import { openTelemetry } from 'nestjs-oursms/opentelemetry';
import { OurSmsHealthIndicator } from 'nestjs-oursms/terminus';

/** Where metrics go. With `@opentelemetry/sdk-node`, which also brings traces, see the guide to traces and metrics. */
@Injectable()
export class MetricsExport implements OnApplicationShutdown {
  private readonly provider: MeterProvider | undefined;

  constructor() {
    // Without a collector, every export would fail, and the last one would hold up the end.
    if (!process.env.OTEL_EXPORTER_OTLP_ENDPOINT) return;
    const exportIntervalMillis = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL ?? 60_000);
    const times = { exportIntervalMillis, exportTimeoutMillis: exportIntervalMillis };
    const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), ...times });
    this.provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(this.provider);
  }

  /** Nest calls it after the hooks of the account, which imports it: what was counted at the end is exported as well. */
  async onApplicationShutdown(): Promise<void> {
    await this.provider?.shutdown();
    metrics.disable();
  }
}

@Module({ providers: [MetricsExport], exports: [MetricsExport] })
export class MetricsModule {}

@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly oursms: OurSmsHealthIndicator,
  ) {}

  /** Liveness: that the process answers. A restart mends no full disk, no empty balance and no gateway that is away. */
  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** Readiness: 503 when the application should get no requests. `degraded` is 200, for a person to look at. */
  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    // The gateway is asked for the credits once a minute, however many probes come.
    return this.health.check([() => this.oursms.isHealthy('sms', { minCredits: 500, maxOldestMs: 600_000 })]);
  }
}

@Controller('messages')
@UseFilters(OurSmsExceptionFilter)
export class MessagesController {
  constructor(private readonly oursms: OurSmsService) {}

  @Post()
  @HttpCode(202)
  async send(@Body('number') number: string): Promise<void> {
    await this.oursms.send({ dests: number, body: 'طلبك من متجر الواحة في الطريق.', dlr: true });
  }

  @OnDlr()
  onDlr(): void {
    // Without a listener nothing is downloaded, and after some minutes readiness fails: `pollOverdue`.
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    TerminusModule.forRoot({ logger: false }), // the answer says what is wrong; a line for each probe would repeat it
    OurSmsModule.forRootAsync({
      // Meters that are made before the provider is registered go nowhere: so the options wait for it.
      imports: [MetricsModule],
      inject: [MetricsExport],
      useFactory: () => ({
        // The simulated gateway (npx nestjs-oursms-gateway), unless OURSMS_BASE_URL and OURSMS_API_KEY name another.
        baseUrl: process.env.OURSMS_BASE_URL ?? 'http://127.0.0.1:4100',
        auth: { apiKey: process.env.OURSMS_API_KEY ?? 'demo-key' },
        defaults: { src: process.env.OURSMS_SRC ?? 'MyBrand' },
        storage: { path: process.env.OURSMS_STORAGE ?? '.oursms' },
        dlr: { poll: { everyMs: Number(process.env.POLL_EVERY_MS ?? 15_000) } },
        telemetry: openTelemetry(), // no number, text, sender or reference is recorded
      }),
    }),
  ],
  controllers: [HealthController, MessagesController],
  providers: [OurSmsHealthIndicator],
})
export class HealthAndMetricsModule {}

export async function bootstrap(): Promise<INestApplication> {
  const app = await NestFactory.create(HealthAndMetricsModule, { forceCloseConnections: true });
  app.enableShutdownHooks();
  // In a container: HOST=0.0.0.0, or no probe reaches it.
  await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
  return app;
}

if (process.argv[1] === import.meta.filename) await bootstrap();
