import 'reflect-metadata';
import { once } from 'node:events';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { Messages, OnDlr, OurSmsModule, OurSmsService } from 'nestjs-oursms';

// An application of the built package that sends tracked messages and is going to be killed. It starts when it is told its settings
// (`TrackingSettings`), and writes down, in a file that outlives it, how each report was matched.
process.on('disconnect', () => process.exit(1));
const [{ journal, options, life, first, concurrency, sends }] = await once(process, 'message');

const file = openSync(journal, 'a');

class Reports {
  handle({ raw, matched, reference }) {
    // The line end comes first: a line that a kill cut short is then a line of its own, which the reader passes over.
    writeSync(file, `\n${JSON.stringify({ truth: raw.truth, matched, reference })}`);
    fsyncSync(file);
  }
}
OnDlr()(Reports.prototype, 'handle', Object.getOwnPropertyDescriptor(Reports.prototype, 'handle'));

class AppModule {}
Module({
  imports: [EventEmitterModule.forRoot(), ScheduleModule.forRoot(), OurSmsModule.forRoot(options)],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const messages = app.get(Messages);
process.on('message', async ({ references }) => {
  const found = await Promise.all(references.map((reference) => messages.get(reference)));
  process.send(found.map((message) => message?.recipients.map(({ state }) => state) ?? null));
});
process.send('started');

let sent = 0;
async function sendOn() {
  while (sent < sends) {
    const number = sent++;
    const reference = `${life}-${number}`;
    const message = { src: 'MyBrand', dests: [String(first + number)], body: reference, dlr: true };
    await app.get(OurSmsService).send(message, { reference });
  }
}
await Promise.all(Array.from({ length: concurrency }, sendOn));
