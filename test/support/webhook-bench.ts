import type { DynamicModule, INestApplication, NestApplicationOptions, Provider, Type } from '@nestjs/common';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DlrInbox, OurSmsModule, OurSmsWebhook, type Dlr, type OurSmsModuleOptions } from 'nestjs-oursms';
import { DEMO, DlrListener, LogRecorder, TestStorage } from './application.js';

/** The secret in the address of the webhook. */
export const SECRET = 'a-secret-of-the-tests';

/** The HTTP servers that Nest has adapters for. */
export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What a test sets besides the account. */
export interface WebhookSetting {
  options?: Partial<OurSmsModuleOptions>;
  controllers?: Type<object>[];
  /** Whether a listener is there. Default: true. */
  listens?: boolean;
  providers?: Provider[];
  imports?: DynamicModule[];
  server?: NestApplicationOptions;
  /** Called before the application is initialised, as `main.ts` would. */
  configure?: (app: INestApplication) => void;
}

/** Reports with these ids of messages, as the gateway pushes them. */
export const pushOf = (...msgIds: string[]): string =>
  JSON.stringify({
    statuses: msgIds.map((msgId) => ({
      ...{ msgId, status: 'delivered', src: 'MyBrand', dest: '966501234567', jobId: 'job-1' },
      ...{ msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07' },
    })),
  });

/** An HTTP application with a webhook, and a listener for its reports. */
export class WebhookBench {
  readonly logs = new LogRecorder();
  app!: INestApplication;
  storage!: Pick<TestStorage, 'path' | 'remove'>;
  /** Address of the server. */
  url!: string;
  #isRunning = false;

  get inbox(): DlrInbox {
    return this.app.get(DlrInbox);
  }

  get handled(): Dlr[] {
    return this.app.get(DlrListener, { strict: false }).handled;
  }

  async start(platform: Platform, setting: WebhookSetting = {}): Promise<this> {
    this.storage ??= await TestStorage.make();
    const {
      options,
      controllers = [OurSmsWebhook('sms/reports')],
      providers = [],
      imports = [],
      listens = true,
      server,
      configure,
    } = setting;
    const account = OurSmsModule.forRoot({
      ...{ auth: DEMO, storage: { path: this.storage.path }, dlr: { webhook: { secret: SECRET }, retryDelayMs: 10 } },
      ...options,
    });
    const module = await Test.createTestingModule({
      imports: [EventEmitterModule.forRoot(), account, ...imports],
      controllers,
      providers: [...(listens ? [DlrListener] : []), ...providers],
    })
      .setLogger(this.logs)
      .compile();
    const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
    this.app = module.createNestApplication(adapter, server);
    configure?.(this.app);
    await this.app.listen(0, '127.0.0.1');
    this.#isRunning = true;
    this.url = await this.app.getUrl();
    return this;
  }

  /** Pushes a body to the webhook. */
  push(
    body?: RequestInit['body'],
    { path = `/sms/reports/${SECRET}`, ...init }: RequestInit & { path?: string } = {},
  ): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(this.url + path, { method: 'POST', headers, body, ...init });
  }

  async stop(): Promise<void> {
    if (this.#isRunning) await this.app.close();
    this.#isRunning = false;
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.storage?.remove();
  }
}
