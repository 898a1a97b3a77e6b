import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DlrInboxStats, OurSmsModuleOptions } from 'nestjs-oursms';
import type { BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO } from '../../support/application.js';
import { describeWithOwnRedis } from '../../support/redis-at-hand.js';
import { TestRedis } from '../../support/redis.js';
import { endAll, endWhatIsLeft } from '../../support/what-is-left.js';
import { ForkedProgram } from './forked-program.js';

jest.setTimeout(180_000);

/** Settings of the child process. */
interface PoisonSettings {
  journal: string;
  options: OurSmsModuleOptions;
  redis?: BullMqEngineOptions;
  /** How its listener ends the process. */
  end: 'exit' | 'abort' | 'kill';
  /** Whether the listener of `oursms.dlr.failed` ends it as well. */
  endsOnFailed: boolean;
}

/** Answer of the child process. */
interface PoisonAnswer {
  stats: DlrInboxStats;
  failed: { msgId: string; attempts: number; reason: string }[];
}

const PROGRAM = new URL('./poison-child.mjs', import.meta.url);
const INNOCENT = Array.from({ length: 39 }, (_, i) => `m${i}`);
const PATIENCE_MS = 90_000;
const LEASE_MS = 1_000;

let folder: string;
let gateway: GatewaySimulator;
let programs: ForkedProgram[];
let redis: TestRedis | undefined;
let endsOnFailed = false;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oursms-poison-'));
  gateway = await GatewaySimulator.start();
  programs = [];
  endsOnFailed = false;
  const rows = [...INNOCENT.slice(0, 27), 'poison', ...INNOCENT.slice(27)];
  for (const msgId of rows) gateway.pushReport('demo', { msgId, status: 'delivered' });
});

afterEach(async () => {
  for (const one of programs) one.kill('SIGKILL');
  await endAll(
    () => Promise.all(programs.map(({ ended }) => ended)),
    () => gateway.stop(),
    () => redis?.remove(),
    () => rm(folder, { recursive: true }),
  );
  redis = undefined;
});

const journal = async (kind: 'offered' | 'handled' | 'announced'): Promise<string[]> => {
  const text = await readFile(join(folder, 'journal'), 'utf8').catch(() => '');
  const entries = text.split('\n').filter(Boolean);
  return entries
    .map((line) => JSON.parse(line) as [string, string])
    .flatMap(([is, msgId]) => (is === kind ? msgId : []));
};

function begin(maxAttempts: number, end: PoisonSettings['end']): ForkedProgram {
  const program = new ForkedProgram(PROGRAM);
  programs.push(program);
  const settings: PoisonSettings = {
    ...{ journal: join(folder, 'journal'), end, endsOnFailed },
    redis: redis && { connection: redis.connection, leaseMs: LEASE_MS },
    options: {
      ...{ baseUrl: gateway.url, auth: DEMO, storage: { path: join(folder, 'store') } },
      dlr: { poll: { everyMs: 20, count: 20 }, retryDelayMs: 20, maxAttempts },
    },
  };
  program.send(settings);
  return program;
}

/** The inbox statistics of an instance; undefined when it has ended. */
async function ask(program: ForkedProgram): Promise<PoisonAnswer | undefined> {
  const answer = program
    .nextMessage()
    .then((message) => (message === 'started' ? undefined : (message as PoisonAnswer)));
  program.send('ask');
  return Promise.race([answer, program.ended.then(() => undefined), wait(1_000).then(() => undefined)]);
}

/** Starts instances again as often as they end, until nothing is left to be done. */
async function untilSettled(instances: number, maxAttempts: number, end: PoisonSettings['end']) {
  let ends = 0;
  let isOver = false;
  const over = Date.now() + PATIENCE_MS;
  const running: ForkedProgram[] = [];
  const keepRunning = (place: number): void => {
    const program = begin(maxAttempts, end);
    running[place] = program;
    void program.ended.then(() => {
      if (isOver || Date.now() > over) return;
      ends += 1;
      keepRunning(place);
    });
  };
  for (let place = 0; place < instances; place++) keepRunning(place);
  for (;;) {
    if (Date.now() > over) throw new Error(`not settled after ${ends} ends of the process`);
    const answer = await ask(running[0]!);
    const { pages = -1, waiting = -1, handling = -1 } = answer?.stats ?? {};
    const isEmpty = pages === 0 && waiting === 0 && handling === 0;
    if (answer && isEmpty && gateway.waitingReports('demo').length === 0 && answer.failed.length > 0) {
      isOver = true;
      return { ends, failed: answer.failed };
    }
    await wait(50);
  }
}

describe('a report whose listener ends the process', () => {
  it.each<[PoisonSettings['end'], number]>([
    ['exit', 3],
    ['abort', 3],
    ['kill', 4],
    ['kill', 1],
  ])(
    'is given up after its attempts, and all other reports are delivered: %s, %d attempts',
    async (end, maxAttempts) => {
      const { ends, failed } = await untilSettled(1, maxAttempts, end);
      expect(failed).toEqual([
        { msgId: 'poison', attempts: maxAttempts + 1, reason: expect.stringContaining('the process ended') },
      ]);
      // Once with its page, where nothing tells it from the others; then alone.
      expect(ends).toBe(maxAttempts + 1);
      expect((await journal('offered')).filter((msgId) => msgId === 'poison')).toHaveLength(ends);
      expect([...new Set(await journal('handled'))].sort()).toEqual([...INNOCENT].sort());
    },
  );
});

it('a report is given up even if the listener of its failure event ends the process, too', async () => {
  endsOnFailed = true;
  const { failed } = await untilSettled(1, 2, 'kill');
  expect(failed).toMatchObject([{ msgId: 'poison' }]);
  expect((await journal('announced')).length).toBeLessThanOrEqual(3);
  expect([...new Set(await journal('handled'))].sort()).toEqual([...INNOCENT].sort());
});

describeWithOwnRedis('a report whose listener ends every instance that handles it', () => {
  it('is given up after its attempts, and all other reports are delivered', async () => {
    redis = await TestRedis.start();
    const { ends, failed } = await untilSettled(2, 3, 'kill');
    expect(failed).toEqual([{ msgId: 'poison', attempts: 4, reason: expect.stringContaining('the process ended') }]);
    expect(ends).toBe(4);
    expect([...new Set(await journal('handled'))].sort()).toEqual([...INNOCENT].sort());
  });
});

afterAll(endWhatIsLeft);
