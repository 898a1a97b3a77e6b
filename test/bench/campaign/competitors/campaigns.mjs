import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Campaigns, OurSmsModule } from '../../../../dist/index.js';
import { AUTH, CONCURRENCY, MESSAGE, recipients as spelled } from '../the-campaign.mjs';

/** `Campaigns.start()` of the built package until the campaign is done, in a Nest application with a store of its own. */
export async function open(baseUrl, path) {
  // Only what goes wrong: a benchmark that prints measures its terminal.
  Logger.overrideLogger(['error', 'fatal']);
  // One is left to single messages.
  const http = { maxConnections: CONCURRENCY + 1 };
  const module = OurSmsModule.forRoot({ baseUrl, auth: AUTH, http, storage: { path } });
  const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'fatal'], abortOnError: false });
  const campaigns = app.get(Campaigns);
  let started = 0;
  const prepare = (recipients) => async () => {
    const id = `bench ${(started += 1)}`;
    const plan = { id, message: MESSAGE, recipients: spelled(recipients), concurrency: CONCURRENCY };
    const { done } = await campaigns.start(plan);
    return (await done).sent;
  };
  return { prepare, close: () => app.close() };
}
