import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { ROOT } from '../support/packaging-run.js';

const REPORTS = 200;

let folder: string;
let handledFile: string;
let gateway: GatewaySimulator;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oursms-signals-'));
  handledFile = join(folder, 'handled');
  writeFileSync(handledFile, '');
  gateway = await GatewaySimulator.start();
});

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await gateway.stop();
  rmSync(folder, { recursive: true });
});

/** Ends a running application with a signal after so many downloads; resolves to how it ended. */
async function endAfter(
  downloads: number,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; signal: string | null }> {
  for (let i = 0; i < REPORTS; i++) gateway.pushReport('demo', { msgId: `m${i}` });
  gateway.faults.chance('latency', 1, { ms: 40, on: 'dlrs' });
  const probe = join(ROOT, 'test/packaging/probes/polling-application.mjs');
  const process_ = spawn(process.execPath, [probe, gateway.url, handledFile], { cwd: ROOT, stdio: 'ignore' });
  child = process_;
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    process_.once('exit', (code, signalCode) => resolve({ code, signal: signalCode })),
  );
  while (gateway.totals.handedOut < downloads * 20) await new Promise((resolve) => setTimeout(resolve, 2));
  process_.kill(signal);
  return ended;
}

const handled = (): string[] => readFileSync(handledFile, 'utf8').split('\n').filter(Boolean);
const handedOut = (): unknown[] => gateway.handedOut.map(({ msgId }) => msgId);

describe('a process that is told to end in the middle of a download', () => {
  it.each<[NodeJS.Signals, number]>([
    ['SIGTERM', 1],
    ['SIGTERM', 2],
    ['SIGTERM', 5],
    ['SIGINT', 3],
  ])('by %s after download %i hands every report that it took to its listener, and ends', async (signal, downloads) => {
    await endAfter(downloads, signal);
    expect(handled()).toEqual(handedOut());
    expect(handedOut().length).toBeLessThan(REPORTS);
    expect(gateway.waitingReports('demo')).toHaveLength(REPORTS - handedOut().length);
  });

  it('by SIGKILL loses at most the one page that it was working on', async () => {
    await endAfter(3, 'SIGKILL');
    const lost = handedOut().length - handled().length;
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThanOrEqual(20);
    expect(gateway.waitingReports('demo')).toHaveLength(REPORTS - handedOut().length);
  });
});
