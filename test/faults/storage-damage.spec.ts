import { randomFillSync } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsModule, OurSmsStorageError } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { allOf, DONE, eventually, FAILED, pause, untilCounts } from '../contract/queue/engine-under-test.js';
import { DEMO, DlrListener, LogRecorder, rejection, startApplication, TestStorage } from '../support/application.js';

/** What no error may show. */
const NUMBER = '966501234567';
const QUEUE = 'default/pages';

let storage: TestStorage;
let path: string;
let logs: LogRecorder;
beforeEach(async () => {
  storage = await TestStorage.make();
  path = join(storage.path, 'default');
  logs = new LogRecorder();
  Logger.overrideLogger(logs);
});
afterEach(async () => {
  Logger.overrideLogger(['error']);
  await storage.remove();
});

const noise = (): string => randomFillSync(Buffer.alloc(400)).toString('base64');

/** A text that LevelDB does not compress: no part of it repeats. */
const pageText = (what: string): string => `${noise()} ${what} ${noise()}`;

const pageOf = (i: number): { id: string; data: unknown } => ({ id: `page${i}`, data: { i, text: pageText(NUMBER) } });

/** A store with waiting and failed jobs, most of them in a file of LevelDB, the newest in its log. */
let whole: TestStorage;
beforeAll(async () => {
  whole = await TestStorage.make();
  for (let part = 0; part < 2; part++) {
    const engine = await StoredEngine.inDirectory(join(whole.path, 'default'));
    const queue = engine.queue<unknown>(QUEUE);
    for (let i = 0; i < 10; i++) {
      await queue.add(Array.from({ length: 20 }, (_, j) => pageOf(part * 1_000 + i * 20 + j)));
    }
    const consumer = queue.consume(async ({ id }) => (/[05]$/.test(id) ? FAILED : { kind: 'again', inMs: 60_000 }), {
      concurrency: 10,
    });
    await untilCounts(queue, { waiting: 160 * (part + 1), active: 0, failed: 40 * (part + 1) });
    await consumer.stop();
    await engine.close();
  }
});
afterAll(() => whole.remove());

/** The store of a test, which is made only once: each of its writes waits for the disk. */
const makeStore = (): void => cpSync(whole.path, storage.path, { recursive: true });

const filesLike = (pattern: RegExp): string[] =>
  readdirSync(path)
    .filter((file) => pattern.test(file))
    .map((file) => join(path, file));

/** The largest file of a kind. */
const largest = (pattern: RegExp): string =>
  filesLike(pattern).sort((a, b) => statSync(b).size - statSync(a).size)[0] as string;

/** Overwrites a part of a file: where it begins and how long it is, as shares of the file. */
function overwrite(file: string, from: number, share: number): void {
  const bytes = readFileSync(file);
  const start = Math.floor(bytes.length * from);
  randomFillSync(bytes, start, Math.max(16, Math.min(bytes.length - start, Math.floor(bytes.length * share))));
  writeFileSync(file, bytes);
}

/** What the store is found to be when it is opened and read to its end. */
async function readAll(): Promise<void> {
  const engine = await StoredEngine.inDirectory(path);
  try {
    const queue = engine.queue<{ i: number; text: string }>(QUEUE);
    await queue.counts();
    for await (const { data } of queue.failed()) expect(data.text).toContain(NUMBER);
  } finally {
    await engine.close();
  }
}

const DAMAGES: [what: string, damage: () => void][] = [
  ['CURRENT was deleted', () => rmSync(join(path, 'CURRENT'))],
  ['CURRENT is empty', () => truncateSync(join(path, 'CURRENT'))],
  ['CURRENT holds something else', () => writeFileSync(join(path, 'CURRENT'), 'something else\n')],
  ['the MANIFEST was overwritten', () => overwrite(largest(/^MANIFEST/), 0, 1)],
  ['the MANIFEST is empty', () => truncateSync(largest(/^MANIFEST/))],
  ['the MANIFEST was deleted', () => rmSync(largest(/^MANIFEST/))],
  ['an .ldb file was overwritten', () => overwrite(largest(/\.ldb$/), 0, 1)],
  ['the middle of an .ldb file was overwritten', () => overwrite(largest(/\.ldb$/), 0.4, 0.2)],
  [
    'the end of an .ldb file is missing',
    () => truncateSync(largest(/\.ldb$/), Math.floor(statSync(largest(/\.ldb$/)).size / 2)),
  ],
  ['an .ldb file is empty', () => truncateSync(largest(/\.ldb$/))],
  ['an .ldb file was deleted', () => rmSync(largest(/\.ldb$/))],
  ['the middle of the .log was overwritten', () => overwrite(largest(/\.log$/), 0.4, 0.01)],
  ['the .log was deleted', () => filesLike(/\.log$/).forEach((file) => rmSync(file))],
  ['nothing but the .log is left', () => filesLike(/^(?!.*\.log$)/).forEach((file) => rmSync(file))],
];

describe('a store is refused as damaged, with one clear error, when', () => {
  beforeEach(makeStore);

  it.each(DAMAGES)('%s', async (_what, damage) => {
    damage();
    const error = await rejection(readAll(), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'corrupt', path, retryable: false });
    expect(error.message).toContain(`The store ${path} is damaged: restore it from a backup, or move the directory`);
    expect(error.message).not.toContain(NUMBER);
    // The store is left unchanged for a repair: a second attempt finds the same.
    expect(await rejection(readAll(), OurSmsStorageError)).toMatchObject({ fault: 'corrupt', path });
  });
});

describe('a store', () => {
  it('is readable when nothing was damaged', async () => {
    makeStore();
    await readAll();
  });

  it('starts empty after the damaged directory was moved away', async () => {
    makeStore();
    rmSync(path, { recursive: true });
    const engine = await StoredEngine.inDirectory(path);
    expect(await engine.queue(QUEUE).counts()).toMatchObject({ waiting: 0, failed: 0 });
    await engine.close();
  });

  it('delivers no job that was changed on disk', async () => {
    const texts = Array.from({ length: 50 }, (_, i) => pageText(`page ${i}.`));
    const writing = await StoredEngine.inDirectory(path);
    await writing.queue(QUEUE).add(texts.map((data, i) => ({ id: `${i}`, data })));
    await writing.close();
    // What is in the log goes into a file.
    await (await StoredEngine.inDirectory(path)).close();
    const file = largest(/\.ldb$/);
    const bytes = readFileSync(file);
    const at = bytes.indexOf('page 30.');
    expect(at).toBeGreaterThan(0);
    bytes.write('page 99.', at);
    writeFileSync(file, bytes);

    const engine = await StoredEngine.inDirectory(path);
    const queue = engine.queue<string>(QUEUE);
    const handed: string[] = [];
    queue.consume(
      async ({ id, data }) => {
        expect(data).toBe(texts[Number(id)]);
        handed.push(id);
        return DONE;
      },
      { concurrency: 1 },
    );
    await eventually('the change is noticed', () => logs.matching('does not match its checksum').length > 0);
    const error = await rejection(queue.counts(), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'corrupt', path });
    expect(handed).toHaveLength(30);
    expect(logs.matching(/page 30|page 99/)).toEqual([]);
    await rejection(allOf(queue.failed()), OurSmsStorageError);
    await engine.close();
  });
});

describe('an application does not start, and downloads nothing, when', () => {
  it.each(DAMAGES.filter(([what]) => /CURRENT was|middle|\.ldb file was deleted/.test(what)))(
    '%s',
    async (_what, damage) => {
      makeStore();
      damage();
      const gateway = await GatewaySimulator.start();
      gateway.pushReport('demo', { msgId: 'm0' });
      const account = OurSmsModule.forRoot({
        baseUrl: gateway.url,
        auth: DEMO,
        storage: { path: storage.path },
        dlr: { poll: { everyMs: 20 } },
      });
      const error = await rejection(startApplication([account], [DlrListener]), OurSmsStorageError);
      expect(error).toMatchObject({ fault: 'corrupt', path });
      expect(error.message).not.toContain(NUMBER);
      await pause(100);
      expect(gateway.requests).toEqual([]);
      await gateway.stop();
    },
  );
});
