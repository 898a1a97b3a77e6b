import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Injectable,
  type DynamicModule,
  type INestApplicationContext,
  type LoggerService,
  type Provider,
} from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import {
  OnDlr,
  OurSmsModule,
  OurSmsService,
  type Dlr,
  type OurSmsAuth,
  type OurSmsModuleExtras,
  type OurSmsModuleOptions,
} from 'nestjs-oursms';
import { GatewaySimulator, type GatewaySimulatorOptions } from 'nestjs-oursms/testing';

/** Keeps every log line, at every level, as one text each. */
export class LogRecorder implements LoggerService {
  readonly lines: { level: string; text: string }[] = [];

  log = this.#keep('log');
  error = this.#keep('error');
  warn = this.#keep('warn');
  debug = this.#keep('debug');
  verbose = this.#keep('verbose');
  fatal = this.#keep('fatal');

  /** The lines that hold a piece of text. */
  matching(piece: string | RegExp): string[] {
    return this.lines
      .map(({ text }) => text)
      .filter((text) => (typeof piece === 'string' ? text.includes(piece) : piece.test(text)));
  }

  #keep(level: string): (...parts: unknown[]) => void {
    return (...parts) => void this.lines.push({ level, text: parts.map(String).join(' ') });
  }
}

/** A listener that counts: what it throws makes the report come again. */
@Injectable()
export class DlrListener {
  readonly handled: Dlr[] = [];
  /** Called before a report counts as handled. */
  onReport: (dlr: Dlr) => unknown = () => undefined;

  @OnDlr()
  async handle(dlr: Dlr): Promise<void> {
    await this.onReport(dlr);
    this.handled.push(dlr);
  }
}

export const DEMO = { username: 'demo', password: 'demo' };

/** An application with one account, and what a test wants to see of it. */
export interface TestApplication {
  app: INestApplicationContext;
  sms: OurSmsService;
  logs: LogRecorder;
  close(): Promise<void>;
}

/** Starts an application with these imports; `OurSmsService` must be among what they provide. */
export async function startApplication(
  imports: DynamicModule[],
  providers: Provider[] = [],
  emitter: Parameters<typeof EventEmitterModule.forRoot>[0] = {},
): Promise<TestApplication> {
  const logs = new LogRecorder();
  const module = await Test.createTestingModule({
    imports: [ScheduleModule.forRoot(), EventEmitterModule.forRoot(emitter), ...imports],
    providers,
  })
    .setLogger(logs)
    .compile();
  const app = await module.init();
  return { app, sms: app.get(OurSmsService, { strict: false }), logs, close: () => app.close() };
}

/** A directory for the option `storage`, outside of the repository. */
export class TestStorage {
  private constructor(readonly path: string) {}

  static async make(): Promise<TestStorage> {
    return new TestStorage(await mkdtemp(join(tmpdir(), 'oursms-store-')));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The address of the API that the credentials belong to. */
export const addressFor = (gateway: GatewaySimulator, auth: OurSmsAuth = DEMO): string =>
  'apiKey' in auth ? gateway.jsonUrl : gateway.url;

/** An application and the gateway that it talks to. */
export interface TestBench extends TestApplication {
  gateway: GatewaySimulator;
}

/** Starts a simulator, and an application with an account there that retries nothing. Both are stopped by `close`. */
export async function startBench(
  options: Partial<OurSmsModuleOptions & OurSmsModuleExtras> = {},
  simulator: GatewaySimulatorOptions = {},
  providers: Provider[] = [],
): Promise<TestBench> {
  const gateway = await GatewaySimulator.start(simulator);
  const storage = await TestStorage.make();
  try {
    const account = OurSmsModule.forRoot({
      baseUrl: addressFor(gateway, options.auth),
      auth: DEMO,
      storage,
      retry: { attempts: 1 },
      ...options,
    });
    const application = await startApplication([account], providers);
    const close = async (): Promise<void> => {
      await application.close();
      await gateway.stop();
      await storage.remove();
    };
    return { ...application, gateway, close };
  } catch (error) {
    await gateway.stop();
    await storage.remove();
    throw error;
  }
}

/** Waits until a condition holds; fails after a while, saying what it waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a promise is rejected with; fails when it is not. */
export async function rejection<T extends Error>(
  promise: Promise<unknown>,
  type: abstract new (...args: never[]) => T,
): Promise<T> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error(`expected ${type.name}, but nothing was thrown`);
  if (!(outcome.error instanceof type)) throw outcome.error;
  return outcome.error;
}
