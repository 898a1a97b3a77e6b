import { Controller, Get, Inject, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { HealthCheck, HealthCheckService, TerminusModule, type HealthCheckResult } from '@nestjs/terminus';
import { DlrInbox, OurSmsService, type Dlr, type OurSmsModuleOptions } from 'nestjs-oursms';
import { OurSmsHealthIndicator, type HealthData, type OurSmsHealthOptions } from 'nestjs-oursms/terminus';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';
import { DEMO, DlrListener, until, type LogRecorder } from './application.js';
import { WebhookBench } from './webhook-bench.js';

/** What is checked: each key with its options. */
type Checks = Record<string, OurSmsHealthOptions>;

const CHECKS = Symbol('CHECKS');

@Controller('health')
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly oursms: OurSmsHealthIndicator,
    @Inject(CHECKS) private readonly checks: () => Checks,
  ) {}

  @Get()
  @HealthCheck()
  check(): Promise<HealthCheckResult> {
    return this.health.check(
      Object.entries(this.checks()).map(
        ([key, options]) =>
          () =>
            this.oursms.isHealthy(key, options),
      ),
    );
  }
}

/** The answer to a probe. */
export interface HealthAnswer {
  code: number;
  /** Of the whole application. */
  overall: string;
  /** Status and data of the account under the key `sms`. */
  sms: HealthData & { status: string };
  /** Of all keys. */
  details: Record<string, HealthData & { status: string }>;
  body: string;
  tookMs: number;
}

/** What a test sets besides the account. */
export interface HealthSetting {
  options?: Partial<OurSmsModuleOptions>;
  simulator?: GatewaySimulatorOptions;
  imports?: (gateway: GatewaySimulator) => DynamicModule[];
  /** Whether a listener is there. Default: true. */
  listens?: boolean;
}

/** An HTTP application with a health controller, at a simulated gateway. */
export class HealthBench {
  /** What a probe checks, from now on. */
  checks: Checks = { sms: {} };
  readonly web = new WebhookBench();
  gateway!: GatewaySimulator;

  static async start(setting: HealthSetting = {}): Promise<HealthBench> {
    const bench = new HealthBench();
    try {
      await bench.#start(setting);
    } catch (error) {
      await bench.remove();
      throw error;
    }
    return bench;
  }

  get inbox(): DlrInbox {
    return this.web.inbox;
  }

  get sms(): OurSmsService {
    return this.web.app.get(OurSmsService);
  }

  get logs(): LogRecorder {
    return this.web.logs;
  }

  /** Called before a report counts as handled. */
  set onReport(onReport: (dlr: Dlr) => unknown) {
    this.web.app.get(DlrListener).onReport = onReport;
  }

  /** Sets what a probe checks of the unnamed account. */
  check(options: OurSmsHealthOptions): this {
    this.checks = { sms: options };
    return this;
  }

  async probe(): Promise<HealthAnswer> {
    const start = performance.now();
    const response = await fetch(`${this.web.url}/health`);
    const body = await response.text();
    const tookMs = performance.now() - start;
    const { status, details = {} } = JSON.parse(body) as { status: string; details?: HealthAnswer['details'] };
    return { code: response.status, overall: status, details, sms: details['sms']!, body, tookMs };
  }

  /** Probes until the account is like that. */
  async untilIt(what: string, fits: (answer: HealthAnswer) => boolean, timeoutMs?: number): Promise<HealthAnswer> {
    let answer = await this.probe();
    await until(`${what}: ${answer.body}`, async () => fits((answer = await this.probe())), timeoutMs);
    return answer;
  }

  /** How often a call was made. */
  requests(call: 'credits' | 'dlrs'): number {
    return this.gateway.requests.filter((request) => request.call === call).length;
  }

  async remove(): Promise<void> {
    await this.web.remove();
    await this.gateway?.stop();
  }

  async #start({ options, simulator, imports, listens }: HealthSetting): Promise<void> {
    this.gateway = await GatewaySimulator.start(simulator);
    await this.web.start('express', {
      ...{ controllers: [HealthController], listens },
      options: { baseUrl: this.gateway.url, auth: DEMO, dlr: { poll: { everyMs: 50 } }, ...options },
      imports: [ScheduleModule.forRoot(), TerminusModule.forRoot(), ...(imports?.(this.gateway) ?? [])],
      providers: [OurSmsHealthIndicator, { provide: CHECKS, useValue: () => this.checks }],
    });
  }
}
