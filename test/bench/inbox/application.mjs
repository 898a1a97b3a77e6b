import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OnDlr, OurSmsModule } from '../../../dist/index.js';
import { GATEWAY_AUTH, PAGE } from './reports.mjs';

/** What a poller is told: the first poll at once, a full page is followed by the next, and then nothing for long. */
export const POLL = { everyMs: 3_600_000, count: PAGE };

/** A listener that counts. */
export class CountingListener {
  handled = 0;
  /** Called for each report that is counted. */
  onReport = () => undefined;

  async handle() {
    this.handled += 1;
    return this.onReport(this.handled);
  }

  /** Resolves when so many more were handled. */
  next(reports) {
    const last = this.handled + reports;
    return new Promise((resolve) => {
      this.onReport = (handled) => {
        if (handled === last) resolve();
      };
    });
  }
}
const handle = Object.getOwnPropertyDescriptor(CountingListener.prototype, 'handle');
OnDlr()(CountingListener.prototype, 'handle', handle);

/** Starts an application with one account. */
export async function startApplication(baseUrl, options, listener = new CountingListener()) {
  const root = {
    module: class Application {},
    imports: [
      ScheduleModule.forRoot(),
      EventEmitterModule.forRoot(),
      OurSmsModule.forRoot({ baseUrl, auth: GATEWAY_AUTH, ...options }),
    ],
    providers: [{ provide: CountingListener, useValue: listener }],
  };
  // Only what goes wrong is said: a benchmark that prints measures its terminal.
  return NestFactory.createApplicationContext(root, { logger: ['error', 'fatal'], abortOnError: false });
}
