import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { matchesBench, recordsBench } from './matches.mjs';
import { campaignsBench } from './campaigns.mjs';
import { sendsBench } from './sends.mjs';

/** What it costs to know which message a report belongs to: at the send, at the report, and in memory. */
export async function trackingBench({ quick }) {
  const directory = await mkdtemp(join(tmpdir(), 'oursms-bench-'));
  const gateway = new Child(new URL('./gateway.mjs', import.meta.url));
  const targets = [];
  try {
    const setting = { quick, gateway, directory, baseUrl: await gateway.hears() };
    for (const part of [sendsBench, matchesBench, recordsBench, campaignsBench]) targets.push(...(await part(setting)));
  } finally {
    await gateway.end();
    await rm(directory, { recursive: true, force: true });
  }
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}
