import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { until } from '../support/application.js';
import { ROOT } from '../support/packaging-run.js';

// test/faults/kill has hundreds of terminations at random moments; here an HTTP server is terminated and restarted.
const REPORTS = 200;
const COUNT = 20;
const PATIENCE_MS = 60_000;

let folder: string;
let gateway: GatewaySimulator;
let child: ChildProcess;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oursms-signals-'));
  writeFileSync(join(folder, 'handled'), '');
  gateway = await GatewaySimulator.start();
  gateway.faults.chance('latency', 1, { ms: 40, on: 'dlrs' });
  for (let i = 0; i < REPORTS; i++) gateway.pushReport('demo', { msgId: `m${i}` });
});

afterEach(async () => {
  await end('SIGKILL');
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

function start(): void {
  const probe = join(ROOT, 'test/packaging/probes/polling-application.mjs');
  const args = [probe, gateway.url, join(folder, 'store'), join(folder, 'handled')];
  child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'ignore' });
}

/** Ends the application; resolves to the signal that it ended by. */
async function end(signal: NodeJS.Signals): Promise<unknown> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const ended = once(child, 'exit');
  child.kill(signal);
  const [, endedBy] = (await ended) as [number | null, string | null];
  return endedBy;
}

const lines = (): string[] => readFileSync(join(folder, 'handled'), 'utf8').split('\n').filter(Boolean);
const gaps = (): string[] => lines().filter((line) => line.startsWith('gap'));
const missing = (): unknown[] => {
  const handled = new Set(lines());
  return gateway.handedOut.map(({ msgId }) => msgId).filter((msgId) => !handled.has(String(msgId)));
};
const downloaded = (downloads: number) => (): boolean => gateway.totals.handedOut >= downloads * COUNT;

describe('an application that is terminated in the middle of a download', () => {
  it.each<[NodeJS.Signals, number]>([
    ['SIGTERM', 1],
    ['SIGTERM', 3],
    ['SIGINT', 2],
  ])('by %s, in download %i, handles every report after a restart', async (signal, downloads) => {
    start();
    await until('the download has begun', downloaded(downloads), PATIENCE_MS);
    expect(await end(signal)).toBe(signal);
    expect(gateway.totals.handedOut).toBeLessThan(REPORTS);
    start();
    await until('all reports are handled', () => lines().length >= REPORTS, PATIENCE_MS);
    expect(missing()).toEqual([]);
    expect(lines()).toHaveLength(REPORTS);
  });

  it('by SIGKILL, loses only that download, and announces it as a gap', async () => {
    start();
    await until('the download has begun', downloaded(3), PATIENCE_MS);
    await end('SIGKILL');
    start();
    const isHandled = (): boolean => downloaded(REPORTS / COUNT)() && missing().length <= COUNT;
    await until('the other reports are handled', isHandled, PATIENCE_MS);
    expect(missing()).toEqual(Array.from({ length: COUNT }, (_, i) => `m${2 * COUNT + i}`));
    expect(gaps()).toEqual([`gap ${COUNT}`]);
  });
});
