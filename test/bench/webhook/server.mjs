/**
 * A server in a process of its own: the webhook of the module, or a bare controller that stores nothing. Asked with `{ reports }`,
 * it answers once so many more were handled, with the CPU that this process took since it was asked before.
 */
import 'reflect-metadata';
import { Controller, HttpCode, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule } from '@nestjs/event-emitter';
import { OurSmsModule, OurSmsWebhook } from '../../../dist/index.js';
import { CountingListener } from '../inbox/application.mjs';
import { GATEWAY_AUTH } from '../inbox/reports.mjs';
import { LIMIT, PATH, SECRET } from './pushes.mjs';

const [kind, path] = process.argv.slice(2);
const listener = new CountingListener();

/** The body is parsed by the parser of Nest, its reports are counted, and that is all. */
class BareController {
  take(request) {
    for (let i = 0; i < request.body.statuses.length; i += 1) void listener.handle();
  }
}
Controller(`${PATH}/${SECRET}`)(BareController);
const take = Object.getOwnPropertyDescriptor(BareController.prototype, 'take');
Post()(BareController.prototype, 'take', take);
HttpCode(200)(BareController.prototype, 'take', take);
Req()(BareController.prototype, 'take', 0);

const webhook = {
  imports: [
    EventEmitterModule.forRoot(),
    OurSmsModule.forRoot({ auth: GATEWAY_AUTH, storage: { path }, dlr: { webhook: { secret: SECRET } } }),
  ],
  controllers: [OurSmsWebhook(PATH)],
  providers: [{ provide: CountingListener, useValue: listener }],
};
class Application {}
Module(kind === 'bare' ? { controllers: [BareController] } : webhook)(Application);

const app = await NestFactory.create(Application, { logger: ['error', 'fatal'], abortOnError: false });
app.useBodyParser('json', { limit: LIMIT });
await app.listen(0, '127.0.0.1');

let [due, cpu] = [0, process.cpuUsage()];
process.on('message', async ({ reports }) => {
  due += reports;
  if (listener.handled < due) await listener.next(due - listener.handled);
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  process.send({ handled: listener.handled, cpuMicros: user + system });
});
process.on('disconnect', () => app.close());
process.send(await app.getUrl());
