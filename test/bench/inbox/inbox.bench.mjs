import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { backlogBench } from './backlog.mjs';
import { pageLatencyBench } from './page-latency.mjs';
import { memoryBench, throughputBench } from './throughput.mjs';

/** The inbox of delivery reports: how fast, how much memory, how safe, and how soon it is back with much in its store. */
export async function inboxBench({ quick }) {
  const directory = await mkdtemp(join(tmpdir(), 'oursms-bench-'));
  const gateway = new Child(new URL('./gateway.mjs', import.meta.url));
  const targets = [];
  try {
    const setting = { quick, gateway, directory, baseUrl: await gateway.hears() };
    for (const part of [throughputBench, memoryBench, pageLatencyBench, backlogBench]) {
      targets.push(...(await part(setting)));
    }
  } finally {
    await gateway.end();
    await rm(directory, { recursive: true, force: true });
  }
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}
