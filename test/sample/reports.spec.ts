import { appendFile, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Dlr } from 'nestjs-oursms';
import { GatewaySimulator, type SimulatorReport } from 'nestjs-oursms/testing';
import { explainStartFault } from '../../sample-app/explain-start-fault.js';
import type { HandledDlr } from '../../sample-app/reports/dlr-feed.js';
import { ReportFile } from '../../sample-app/reports/report-file.js';
import { startSampleApp } from '../../sample-app/start-sample-app.js';
import { TestStorage } from '../support/application.js';
import { SampleBench } from '../support/sample-bench.js';

jest.setTimeout(60_000);

describe('the reports that the sample application has handled', () => {
  let gateway: GatewaySimulator;
  let sample: SampleBench;

  beforeEach(async () => {
    gateway = await GatewaySimulator.start();
    sample = await SampleBench.start({
      ...{ OURSMS_USERNAME: 'demo', OURSMS_PASSWORD: 'demo', OURSMS_BASE_URL: gateway.url },
    });
  });

  afterEach(async () => {
    await sample.close();
    await gateway.stop();
  });

  const file = (): string => join(sample.storage.path, 'handled-reports.jsonl');
  const linesOf = async (): Promise<string[]> => (await readFile(file(), 'utf8')).split('\n').filter(Boolean);

  /** Has the application download a report, and waits until it has handled it. */
  async function handle(row: SimulatorReport): Promise<HandledDlr> {
    gateway.pushReport('demo', row);
    await sample.post('/inbox/poll');
    return reportOf(row);
  }

  async function reportOf({ msgId, status }: SimulatorReport): Promise<HandledDlr> {
    const fits = ({ data }: { data: HandledDlr }): boolean => data.msgId === msgId && data.status === status;
    return (await sample.event<HandledDlr>(fits)).data;
  }

  it('are still there after a restart', async () => {
    const before = await handle({ msgId: 'm1', status: 'delivered', dest: '966501234567' });
    await sample.restart();
    expect(await reportOf({ msgId: 'm1', status: 'delivered' })).toEqual(before);
    expect(await linesOf()).toHaveLength(1);
  });

  it('are stored in a directory that only the user can access and that git ignores', async () => {
    const storage = join(sample.storage.path, 'made');
    const other = await startSampleApp({ env: { OURSMS_STORAGE: storage }, port: 0, logger: false });
    await other.app.close();
    const modes = await Promise.all(
      ['.', 'simulated', 'simulated/handled-reports.jsonl'].map(async (path) => (await stat(join(storage, path))).mode),
    );
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['700', '700', '600']);
    expect(await readFile(join(storage, 'simulated/.gitignore'), 'utf8')).toBe('*\n');
  });

  it('are all restored when the process crashed while writing a line', async () => {
    const before = await handle({ msgId: 'm1', status: 'delivered' });
    await sample.stop();
    await appendFile(file(), '{"id":"torn","status":"deliv');
    await sample.restart();
    expect(await reportOf({ msgId: 'm1', status: 'delivered' })).toEqual(before);
    await handle({ msgId: 'm2', status: 'delivered' });
    expect((await linesOf()).map((line) => (JSON.parse(line) as Dlr).msgId)).toEqual(['m1', 'm2']);
  });

  it('are shown once, also when the gateway repeats a report', async () => {
    await handle({ msgId: 'm1', status: 'delivered' });
    await sample.restart();
    gateway.pushReport('demo', { msgId: 'm1', status: 'delivered' });
    await handle({ msgId: 'm2', status: 'delivered' });
    expect((await linesOf()).map((line) => (JSON.parse(line) as Dlr).msgId)).toEqual(['m1', 'm2']);
  });

  it('show whether they add anything to the known state of a message, also after a restart', async () => {
    expect((await handle({ msgId: 'm1', status: 'delivered' })).tellsMore).toBe(true);
    expect((await handle({ msgId: 'm1', status: 'sent' })).tellsMore).toBe(false);
    await sample.restart();
    expect((await reportOf({ msgId: 'm1', status: 'delivered' })).tellsMore).toBe(true);
    expect((await reportOf({ msgId: 'm1', status: 'sent' })).tellsMore).toBe(false);
  });

  it('are not shared between the real gateway and the simulated one', async () => {
    await handle({ msgId: 'm1', status: 'delivered' });
    const env = { OURSMS_STORAGE: sample.storage.path };
    const simulated = await startSampleApp({ env, port: 0, logger: false });
    expect(await readFile(join(sample.storage.path, 'simulated/handled-reports.jsonl'), 'utf8')).toBe('');
    await simulated.app.close();
  });

  it('need a directory: a file in its place is refused with a one-sentence error', async () => {
    const env = { OURSMS_STORAGE: file() };
    const fault: unknown = await startSampleApp({ env, port: 0, logger: false }).catch((error: unknown) => error);
    expect(explainStartFault(fault)).toMatch(/^The store \S+ cannot be created or written[^\n]*OURSMS_STORAGE\.$/);
  });
});

describe('the file of the handled reports', () => {
  let storage: TestStorage;

  beforeEach(async () => {
    storage = await TestStorage.make();
  });

  afterEach(async () => {
    await storage.remove();
  });

  const report = (number: number): Dlr => ({
    ...{ id: `id-${number}`, status: 'delivered', isFinal: true, receivedAt: '2026-01-01T00:00:00.000Z' },
    ...{ via: 'poll', account: 'default', raw: {} },
  });

  it('is truncated from time to time, and keeps the latest reports', async () => {
    const path = join(storage.path, 'reports.jsonl');
    const file = new ReportFile(path);
    expect(await file.open()).toEqual([]);
    for (let start = 0; start < 10_000; start += 500) {
      await Promise.all(Array.from({ length: 500 }, (_, i) => file.add(report(start + i))));
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(4_000);
    expect(lines.length).toBeGreaterThanOrEqual(2_000);
    expect((JSON.parse(lines.at(-1)!) as Dlr).id).toBe('id-9999');
    expect(file.has('id-9999')).toBe(true);
    expect(file.has('id-0')).toBe(false);
    const again = new ReportFile(path);
    expect((await again.open()).at(-1)).toEqual(report(9_999));
    expect(again.has('id-9999')).toBe(true);
  });

  it('accepts a report again whose first write failed', async () => {
    const directory = join(storage.path, 'reports');
    const path = join(directory, 'reports.jsonl');
    const file = new ReportFile(path);
    await file.open();
    await file.add(report(1));
    await rename(directory, `${directory}-away`);
    await writeFile(directory, 'in the way');
    await expect(file.add(report(2))).rejects.toThrow('ENOTDIR');
    expect(file.has('id-2')).toBe(false);
    await rm(directory);
    await rename(`${directory}-away`, directory);
    await file.add(report(2));
    expect((await new ReportFile(path).open()).map(({ id }) => id)).toEqual(['id-1', 'id-2']);
  });
});
