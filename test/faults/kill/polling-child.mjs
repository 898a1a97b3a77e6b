import 'reflect-metadata';
import { once } from 'node:events';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { DlrInbox, OnDlr, OurSmsModule } from 'nestjs-oursms';

// An application of the built package that is going to be ended. It starts when it is told its settings (`ChildSettings`),
// and writes down, in a file that outlives it, what it handled and what was announced to it.
process.on('disconnect', () => process.exit(1));
const [{ journal, options, handlingMs, neverSettles }] = await once(process, 'message');

const file = openSync(journal, 'a');
/** The line end comes first: a line that a kill cut short is then a line of its own, which the reader passes over. */
function write(kind, value) {
  writeSync(file, `\n${JSON.stringify([kind, value])}`);
  fsyncSync(file);
}

class Reports {
  async handle({ msgId, raw }) {
    if (neverSettles) await new Promise(() => undefined);
    if (Date.now() < raw.failsUntil) throw new Error('the listener is told to fail');
    await wait(handlingMs);
    write('handled', msgId);
  }

  gap(gap) {
    write('gap', gap);
  }

  unreadable({ id, receivedAt, raw }) {
    const whole = [...raw.matchAll(/\{"msgId":"(\w+)"[^{}]*\}/g)].map(([, msgId]) => msgId);
    write('unreadable', { id, receivedAt, whole });
  }

  failed({ dlr }) {
    write('failed', dlr.msgId);
  }
}

const listen = (method, decorate) =>
  decorate(Reports.prototype, method, Object.getOwnPropertyDescriptor(Reports.prototype, method));
listen('handle', OnDlr());
listen('gap', OnEvent('oursms.dlr.gap'));
listen('unreadable', OnEvent('oursms.dlr.unreadable'));
listen('failed', OnEvent('oursms.dlr.failed'));

class AppModule {}
Module({
  imports: [EventEmitterModule.forRoot(), ScheduleModule.forRoot(), OurSmsModule.forRoot(options)],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.enableShutdownHooks();
process.on('message', async () => process.send(await app.get(DlrInbox).stats()));
