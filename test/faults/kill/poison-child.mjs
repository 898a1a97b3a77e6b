import 'reflect-metadata';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { DlrInbox, OnDlr, OurSmsModule } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';

// An application of the built package whose listener ends the process on the report `poison`. It starts when it is told its
// settings (`PoisonSettings`), and writes down what its listener got and what it handled.
process.on('disconnect', () => process.exit(1));
const [{ journal, options, redis, end, endsOnFailed }] = await once(process, 'message');
const write = (kind, msgId) => appendFileSync(journal, `${JSON.stringify([kind, msgId])}\n`);

const ENDS = {
  exit: () => process.exit(3),
  abort: () => process.abort(),
  kill: () => process.kill(process.pid, 'SIGKILL'),
};

class Reports {
  async handle({ msgId }) {
    write('offered', msgId);
    await wait(5);
    if (msgId === 'poison') {
      ENDS[end]();
      await wait(60_000);
    }
    write('handled', msgId);
  }

  failed({ dlr }) {
    write('announced', dlr.msgId);
    if (endsOnFailed) ENDS[end]();
  }
}
const listen = (method, decorate) =>
  decorate(Reports.prototype, method, Object.getOwnPropertyDescriptor(Reports.prototype, method));
listen('handle', OnDlr());
listen('failed', OnEvent('oursms.dlr.failed'));

const storage = redis === undefined ? options.storage : bullMqEngine(redis);
class AppModule {}
Module({
  imports: [EventEmitterModule.forRoot(), ScheduleModule.forRoot(), OurSmsModule.forRoot({ ...options, storage })],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.enableShutdownHooks();
process.on('message', async () => {
  const inbox = app.get(DlrInbox);
  const failed = [];
  for await (const { dlr, attempts, reason } of inbox.failed()) failed.push({ msgId: dlr.msgId, attempts, reason });
  process.send({ stats: await inbox.stats(), failed });
});
process.send('started');
