/**
 * An application in a process of its own, with tracking or without. Told how many reports wait at the gateway, it answers what
 * handling them took, how many were matched, and what its memory is.
 */
import { DlrInbox, Messages } from '../../../dist/index.js';
import { CountingListener, POLL, startApplication } from '../inbox/application.mjs';
import { settledMemory } from '../inbox/settled-memory.mjs';
import { setTimeout as wait } from 'node:timers/promises';

const [kind, baseUrl, path] = process.argv.slice(2);
const tracking = kind === 'tracked' ? { maxRecords: 100_000_000 } : undefined;
const app = await startApplication(baseUrl, { storage: { path }, dlr: { poll: POLL }, tracking });
const [inbox, listener] = [app.get(DlrInbox), app.get(CountingListener)];
await inbox.pause();

async function matched() {
  if (!tracking) return 0;
  const { msgId, job, dest } = (await app.get(Messages).stats()).matched;
  return msgId + job + dest;
}

async function handle(reports) {
  const before = await matched();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const handled = listener.next(reports);
  await inbox.resume();
  await handled;
  while ((await inbox.stats()).pages > 0) await wait(1);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await inbox.pause();
  return { seconds, cpuMicros: (user + system) / reports, matched: (await matched()) - before, ...settledMemory() };
}

process.on('message', async ({ reports }) => process.send(await handle(reports)));
process.on('disconnect', () => app.close());
process.send('ready');
