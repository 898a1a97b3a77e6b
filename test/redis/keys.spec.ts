import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from '@jest/globals';
import { REDIS_SCRIPTS } from '../../lib/bullmq/redis-scripts.js';
import { allOf, jobsNamed, pause, RecordingHandler, untilCounts } from '../contract/queue/engine-under-test.js';
import { mobiles } from '../support/campaign-bench.js';
import { describeWithOwnRedis, type RedisAtHand } from '../support/redis-at-hand.js';
import { RedisBench } from '../support/redis-bench.js';
import { SharedCampaigns } from '../support/shared-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const LIBRARY = join(import.meta.dirname, '../../lib/bullmq');
/** Private names of BullMQ. */
const PRIVATE = [
  ...[
    'moveToCompletedArgs',
    'moveToDelayedArgs',
    'moveToFailedArgs',
    'execCommand',
    'addJobToTransaction',
    'runCommand',
  ],
  ...['getBackend', 'RedisQueueBackend', 'asJSON', ':lock', ':active', ':wait', ':stalled', ':meta', ':marker'],
];

/** Commands that scripts gave, by whose script it was: from the lines of MONITOR. */
class WatchedScripts {
  readonly ours: string[][] = [];
  readonly theirs: string[][] = [];
  readonly #own = new Set(Object.values(REDIS_SCRIPTS).map(({ lua }) => shaOf(lua)));
  #isOurs = false;

  note(line: string): void {
    const source = /^\+[\d.]+ \[\d+ (\S+)\]/.exec(line)?.[1];
    if (source === undefined) return;
    const [command = '', ...args] = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => unescaped(text ?? ''));
    if (source === 'lua') (this.#isOurs ? this.ours : this.theirs).push([command, ...args]);
    else if (/^evalsha$/i.test(command)) this.#isOurs = this.#own.has(args[0] ?? '');
    else if (/^eval$/i.test(command)) this.#isOurs = this.#own.has(shaOf(args[0] ?? ''));
  }
}

const shaOf = (lua: string): string => createHash('sha1').update(lua).digest('hex');

/** A text as MONITOR shows it. */
const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_: string, char: string) => SPECIAL.get(char) ?? char);

const SPECIAL = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

describeWithOwnRedis('the data in Redis', () => {
  const bench = RedisBench.forEach();

  async function watched({ connection }: RedisAtHand, run: () => Promise<void>): Promise<WatchedScripts> {
    const scripts = new WatchedScripts();
    const socket = connect(connection.port, connection.host);
    createInterface({ input: socket }).on('line', (line) => scripts.note(line));
    socket.write('MONITOR\r\n');
    await run();
    // MONITOR reports the last commands a moment later.
    await pause(200);
    socket.destroy();
    return scripts;
  }

  /** Keys that scripts of ours touched are of this module, and no script of BullMQ touched one of those. */
  function expectApart({ ours, theirs }: WatchedScripts, prefix: string): void {
    expect(ours.length).toBeGreaterThan(50);
    expect(theirs.length).toBeGreaterThan(50);
    const named = (commands: string[][]): string[] =>
      commands.map(([, key]) => key ?? '').filter((key) => key.startsWith('{'));
    expect(named(ours).filter((key) => !key.startsWith(`${prefix}/`))).toEqual([]);
    expect(named(theirs).filter((key) => !key.startsWith(`${prefix}:`))).toEqual([]);
  }

  it('is written only through documented APIs of BullMQ', async () => {
    const files = (await readdir(LIBRARY)).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const text = await readFile(join(LIBRARY, file), 'utf8');
      expect({ file, names: PRIVATE.filter((name) => text.includes(name)) }).toEqual({ file, names: [] });
    }
  });

  it('is separate from the data of BullMQ: a queue with every outcome', async () => {
    const redis = await bench.redis();
    const engine = await bench.open(redis);
    const scripts = await watched(redis, async () => {
      const queue = engine.queue<number>('q');
      const handler = new RecordingHandler<number>(async (job) => {
        await job.atWork(true, 'mark');
        if (job.data % 3 === 0) return { kind: 'failed', reason: 'no reason' };
        if (job.data % 3 === 1 && job.attempt === 1) return { kind: 'again', inMs: 20 };
        return { kind: 'done', notes: [{ name: job.id, text: 'done' }, { name: 'other' }] };
      });
      queue.consume(handler.handle, { concurrency: 4 });
      await queue.add(jobsNamed('job', 12), [{ name: 'other', text: 'text' }]);
      await untilCounts(queue, { waiting: 0, active: 0, failed: 4 });
      expect(await queue.retry('job0')).toBe(true);
      expect(await queue.remove('job3')).toBe(true);
      expect(await queue.retryAll()).toBeGreaterThanOrEqual(2);
      await untilCounts(queue, { waiting: 0, active: 0, failed: 3 });
      expect(await allOf(queue.failed())).toHaveLength(3);
      await (await engine.exclusive('lock'))?.release();
      await engine.turn('turn', 1);
    });
    expectApart(scripts, `{${bench.prefix}}`);
  });

  it('is separate from the data of BullMQ: a campaign on two instances', async () => {
    const redis = await bench.redis();
    const campaigns = await SharedCampaigns.start(redis);
    try {
      const scripts = await watched(redis, async () => {
        const [first] = await campaigns.joinAll(2);
        const campaign = await first?.face.start({
          id: 'watched',
          recipients: mobiles(3_000),
          message: { src: 'MyBrand', body: 'text' },
        });
        expect(await campaign?.done).toMatchObject({ sent: 3_000 });
      });
      const prefix = /^\{.*?\}/.exec(scripts.ours.find(([, key]) => key?.startsWith('{'))?.[1] ?? '')?.[0] ?? '';
      expectApart(scripts, prefix);
    } finally {
      await campaigns.remove();
    }
  });
});

afterAll(endWhatIsLeft);
