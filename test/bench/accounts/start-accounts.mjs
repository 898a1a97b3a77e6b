import 'reflect-metadata';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { OurSmsModule } from 'nestjs-oursms';

// An application with argv[2] named accounts, which poll into directories below argv[3] when it is given. Says what it takes.
const [count, path] = process.argv.slice(2);
const auth = { username: 'demo', password: 'demo' };
// Nobody listens: nothing is downloaded.
const more = path === undefined ? {} : { storage: { path }, dlr: { poll: { everyMs: 3_600_000 } } };
const accounts = Array.from({ length: Number(count) }, (_, i) =>
  OurSmsModule.forRoot({ name: `shop${i}`, auth, storage: 'memory', ...more }),
);

class AppModule {}
Module({ imports: [EventEmitterModule.forRoot(), ScheduleModule.forRoot(), ...accounts] })(AppModule);

const start = performance.now();
const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const ms = performance.now() - start;
// What was needed to start is given back over several collections.
for (let i = 0; i < 4; i++) {
  globalThis.gc();
  await wait(50);
}
const { heapUsed, rss } = process.memoryUsage();
process.send({ heapUsed, rss, ms });
process.on('disconnect', () => void app.close());
