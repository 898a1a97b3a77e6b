import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OnDlr, OurSmsModule } from 'nestjs-oursms';

// A real application of the built package: polls the gateway of argv[2] and writes each handled report to the file argv[3].
const [baseUrl, file] = process.argv.slice(2);

class Reports {
  async onDlr(dlr) {
    await wait(5);
    appendFileSync(file, `${dlr.msgId}\n`);
  }
}
OnDlr()(Reports.prototype, 'onDlr', Object.getOwnPropertyDescriptor(Reports.prototype, 'onDlr'));
Injectable()(Reports);

class AppModule {}
Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRoot({
      baseUrl,
      auth: { username: 'demo', password: 'demo' },
      dlr: { poll: { everyMs: 10, count: 20 } },
    }),
  ],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
new Logger('Application').warn('ready');
