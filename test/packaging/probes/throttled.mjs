/**
 * An HTTP application of the built package behind the guard of @nestjs/throttler, on `express` or `fastify`, with throttlers of
 * these names. Prints the answers to two requests to each of its routes: a route of its own, the webhook, and a webhook that
 * skips the throttler `burst`.
 */
import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SkipThrottle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { OurSmsModule, OurSmsWebhook } from '../../../dist/index.js';

const [platform, ...names] = process.argv.slice(2);
const SECRET = 'a-secret-of-the-throttler';

class Orders {
  take() {}
}
Post()(Orders.prototype, 'take', Object.getOwnPropertyDescriptor(Orders.prototype, 'take'));
Controller('orders')(Orders);

class Unhurried extends OurSmsWebhook('sms/unhurried') {}
SkipThrottle({ burst: true })(Unhurried);

class Application {}
Module({
  imports: [
    EventEmitterModule.forRoot(),
    ThrottlerModule.forRoot(names.map((name) => ({ name, ttl: 60_000, limit: 1 }))),
    OurSmsModule.forRoot({
      auth: { username: 'demo', password: 'demo' },
      storage: 'memory',
      dlr: { webhook: { secret: SECRET } },
    }),
  ],
  controllers: [Orders, OurSmsWebhook('sms/reports'), Unhurried],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(Application);

const adapter = platform === 'express' ? new ExpressAdapter() : new FastifyAdapter();
const app = await NestFactory.create(Application, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
const answers = async (path) => {
  const statuses = [];
  for (const body of ['[]', '{}']) {
    const headers = { 'content-type': 'application/json' };
    statuses.push((await globalThis.fetch(`${url}/${path}`, { method: 'POST', headers, body })).status);
  }
  return statuses;
};
const said = {
  orders: await answers('orders'),
  webhook: await answers(`sms/reports/${SECRET}`),
  unhurried: await answers(`sms/unhurried/${SECRET}`),
};
await app.close();
console.log(JSON.stringify(said));
