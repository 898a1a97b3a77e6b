import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Dlr, DlrFailure, OurSmsModuleOptions } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { until } from '../support/application.js';
import { InboxBench } from '../support/inbox-bench.js';
import { httpAnswer, startRawGateway, type RawGateway } from '../support/raw-gateway.js';
import { describeWithRedis, reachRedis } from '../support/redis-at-hand.js';

let inbox: InboxBench;
let gateway: RawGateway | undefined;
beforeEach(() => void (inbox = new InboxBench()));
afterEach(async () => {
  await inbox.remove();
  await gateway?.close();
});

/** Receives a page with a flat row, and a row nested to this depth whose listener fails. */
async function receive(depth: number, options: Partial<OurSmsModuleOptions> = {}): Promise<void> {
  const nested = `${'['.repeat(depth)}"the end"${']'.repeat(depth)}`;
  let answers = 0;
  gateway = await startRawGateway((socket) =>
    socket.on('data', () => {
      answers += 1;
      socket.write(httpAnswer(answers === 1 ? `[{"msgId":"m0"},{"msgId":"deep","nested":${nested}}]` : '[]'));
    }),
  );
  const failures: DlrFailure[] = [];
  const offered: Dlr[] = [];
  await inbox.start(
    { baseUrl: gateway.url, dlr: { poll: { everyMs: 20 }, retryDelayMs: 10, maxAttempts: 2 }, ...options },
    (dlr) => {
      offered.push(dlr);
      if (dlr.msgId === 'deep') throw new Error('no');
    },
    { 'oursms.dlr.failed': failures },
  );
  await until('the report was given up', () => failures.length === 1);
  await inbox.untilStats('nothing is left', ({ pages, waiting, handling }) => pages + waiting + handling === 0);
  expect(offered.map(({ msgId }) => msgId).sort()).toEqual(['deep', 'deep', 'm0']);
  const [first, second] = offered.filter(({ msgId }) => msgId === 'deep');
  expect(second).toEqual(first);
  // Nothing is lost: levels that are too deep are kept as text.
  let value = (first?.raw as { nested: unknown }).nested;
  let levels = 0;
  for (; Array.isArray(value); levels += 1) value = value[0];
  expect('['.repeat(levels) + String(value) + ']'.repeat(levels)).toBe(nested);
  for await (const { dlr } of inbox.face.failed()) expect(dlr).toEqual(first);
  await inbox.stop();
}

describe('a row nested thousands of levels deep is redelivered, and kept as failed,', () => {
  it.each([100, 5_000, 100_000])('in a directory: %d levels', (depth) => receive(depth));

  it('in memory', () => receive(5_000, { storage: 'memory' }));
});

describeWithRedis('a row nested thousands of levels deep', () => {
  it('is redelivered, and kept as failed, in Redis', async () => {
    const redis = await reachRedis();
    const { connection, prefix } = redis;
    await receive(5_000, { storage: bullMqEngine({ connection, prefix }) });
    await inbox.remove();
    await redis.remove();
  });
});
