import type { INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { OurSmsService } from 'nestjs-oursms';
import { AppModule, WEBHOOK_SECRET } from './app.module.js';
import { openGateway } from './gateway.js';
import { ReportListener } from './report-listener.js';

/** Sends one message, waits for its report and for one that is pushed, and says what happened. The process then ends by itself. */
async function main(): Promise<void> {
  const closeGateway = await openGateway();
  try {
    const app = await createApplication();
    try {
      await app.listen(0, '127.0.0.1');
      const oursms = app.get(OurSmsService, { strict: false });
      const receipt = await oursms.send({ dests: ['0501234567'], body: 'مرحبا', dlr: true });
      const report = await app.get(ReportListener).report(0);
      const answer = await push(await app.getUrl());
      const pushed = await app.get(ReportListener).report(1);
      const { credits } = await oursms.getCredits();
      console.log(JSON.stringify({ receipt, report, answer, pushed, credits }));
    } finally {
      await app.close();
    }
  } finally {
    await closeGateway();
  }
}

function createApplication(): Promise<INestApplication> {
  const options: NestApplicationOptions = { logger: ['error'], abortOnError: false };
  return process.env.HTTP_SERVER === 'fastify'
    ? NestFactory.create(AppModule, new FastifyAdapter(), options)
    : NestFactory.create(AppModule, options);
}

/** Pushes a report as the gateway does. @returns the status of the answer */
async function push(url: string): Promise<number> {
  const row = {
    msgId: 'pushed',
    status: 'undelivered',
    src: 'Packed',
    dest: '966501234568',
    statusDate: '2026-01-31T12:00:07',
  };
  const { status } = await fetch(`${url}/sms/reports/${WEBHOOK_SECRET}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ statuses: [row] }),
  });
  return status;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
