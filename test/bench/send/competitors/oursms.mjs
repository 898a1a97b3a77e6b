import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { OurSmsModule, OurSmsService } from '../../../../dist/index.js';
import { CONCURRENCY, MESSAGE } from '../the-message.mjs';

/** `OurSmsService.send()` of the built package, in a Nest application context. */
export async function open(baseUrl, more = {}) {
  const module = OurSmsModule.forRoot({
    baseUrl,
    auth: { username: 'bench', token: 'not-a-real-token' },
    http: { maxConnections: CONCURRENCY },
    ...more,
  });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const oursms = app.get(OurSmsService);
  const message = { src: MESSAGE.src, dests: [MESSAGE.dest], body: MESSAGE.body, dlr: true };
  const send = async () => (await oursms.send(message)).jobId;
  return { send, close: () => app.close() };
}
