/* global fetch */
/**
 * An application with the health module of the guide, which was compiled to dist/health: node health-application.mjs <gateway>.
 * Prints what a probe is answered when all is well, when the inbox is paused, when a message went missing besides, and when the
 * gateway refuses the credentials.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { DlrInbox, OurSmsModule, OurSmsService } from 'nestjs-oursms';
import { HealthModule } from './dist/health/health.module.js';
import { ReportListener } from './dist/report-listener.js';

const [baseUrl] = process.argv.slice(2);

async function startWith(password) {
  class AppModule {}
  const module = {
    module: AppModule,
    imports: [
      EventEmitterModule.forRoot(),
      ScheduleModule.forRoot(),
      OurSmsModule.forRoot({
        ...{
          baseUrl,
          auth: { username: 'demo', password },
          dlr: { poll: { everyMs: 50 } },
          storage: { path: '.health' },
          tracking: { missingAfterMs: 1_000 },
        },
      }),
      HealthModule,
    ],
    providers: [ReportListener],
  };
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function probe(app) {
  const response = await fetch(`${await app.getUrl()}/health/ready`);
  return { code: response.status, ...(await response.json()) };
}

const answers = [];
const app = await startWith('demo');
await app.get(DlrInbox, { strict: false }).pollNow();
answers.push(await probe(app));
await app.get(DlrInbox, { strict: false }).pause();
answers.push(await probe(app));
await app.get(OurSmsService, { strict: false }).send({ src: 'MyBrand', dests: '0501234567', body: 'hush', dlr: true });
let missing;
do missing = await probe(app);
while (missing.details.sms.messages?.missing !== 1);
answers.push(missing);
await app.close();
const other = await startWith('hush-hush');
answers.push(await probe(other));
await other.close();
console.log(JSON.stringify(answers));
