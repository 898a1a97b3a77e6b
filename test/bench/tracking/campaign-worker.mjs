/**
 * An application in a process of its own, with tracking or without. Told how many recipients a campaign has, it sends one, and
 * answers what that took, and how much its store has grown by.
 */
import 'reflect-metadata';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Campaigns, OurSmsModule } from '../../../dist/index.js';
import { AUTH, CONCURRENCY, MESSAGE, recipients as spelled } from '../campaign/the-campaign.mjs';

const [kind, baseUrl, path] = process.argv.slice(2);
Logger.overrideLogger(['error', 'fatal']);
const http = { maxConnections: CONCURRENCY + 1 };
const tracking = kind === 'tracked' ? {} : undefined;
const module = OurSmsModule.forRoot({ baseUrl, auth: AUTH, http, storage: { path }, tracking });
const app = await NestFactory.createApplicationContext(module, { logger: ['error', 'fatal'], abortOnError: false });
const campaigns = app.get(Campaigns);
let started = 0;

async function bytesOf(directory) {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}

async function send(recipients) {
  const before = await bytesOf(path).catch(() => 0);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const id = `bench ${(started += 1)}`;
  const plan = { id, message: MESSAGE, recipients: spelled(recipients), concurrency: CONCURRENCY };
  const { sent } = await (await campaigns.start(plan)).done;
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  if (sent !== recipients) throw new Error(`${sent} of ${recipients} were sent`);
  const bytes = (await bytesOf(path)) - before;
  await campaigns.remove(id);
  return { ms, cpuMs: (user + system) / 1_000, bytes };
}

process.on('message', async ({ recipients }) => process.send(await send(recipients)));
process.on('disconnect', () => app.close());
process.send('ready');
