import 'reflect-metadata';
import { once } from 'node:events';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { DlrInbox, OnDlr, OurSmsModule, OurSmsWebhook } from 'nestjs-oursms';

// An HTTP application of the built package with a webhook, which is going to be killed. It starts when it is told its settings
// (`WebhookSettings`), answers with its address, and writes down, in a file that outlives it, which reports it handled.
process.on('disconnect', () => process.exit(1));
const [{ journal, options, handlingMs }] = await once(process, 'message');

const file = openSync(journal, 'a');

class Reports {
  async handle({ msgId }) {
    await wait(handlingMs);
    // The line end comes first: a line that a kill cut short is then a line of its own, which the reader passes over.
    writeSync(file, `\n${JSON.stringify(['handled', msgId])}`);
    fsyncSync(file);
  }
}
OnDlr()(Reports.prototype, 'handle', Object.getOwnPropertyDescriptor(Reports.prototype, 'handle'));

class AppModule {}
Module({
  imports: [EventEmitterModule.forRoot(), OurSmsModule.forRoot(options)],
  controllers: [OurSmsWebhook('sms/reports')],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
process.on('message', async () => process.send({ stats: await app.get(DlrInbox).stats() }));
process.send({ url: await app.getUrl() });
