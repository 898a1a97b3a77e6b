import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OnDlr, OurSmsModule } from 'nestjs-oursms';

// A real application of the built package: polls the gateway of argv[2], keeps its reports in the directory argv[3], and
// writes each handled report and each gap to the file argv[4].
const [baseUrl, path, file] = process.argv.slice(2);

class Reports {
  async onDlr(dlr) {
    await wait(5);
    appendFileSync(file, `${dlr.msgId}\n`);
  }

  onGap({ atMost }) {
    appendFileSync(file, `gap ${atMost}\n`);
  }
}
OnDlr()(Reports.prototype, 'onDlr', Object.getOwnPropertyDescriptor(Reports.prototype, 'onDlr'));
OnEvent('oursms.dlr.gap')(Reports.prototype, 'onGap', Object.getOwnPropertyDescriptor(Reports.prototype, 'onGap'));
Injectable()(Reports);

class AppModule {}
Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRoot({
      baseUrl,
      auth: { username: 'demo', password: 'demo' },
      storage: { path },
      dlr: { poll: { everyMs: 10, count: 20 } },
    }),
  ],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(0, '127.0.0.1');
