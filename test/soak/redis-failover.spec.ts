import { afterAll, afterEach, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import { allOf, DONE, eventually } from '../contract/queue/engine-under-test.js';
import { rejection } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import type { TestRedis } from '../support/redis.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

jest.setTimeout(60_000);

/** Makes a master sync a replica at once, without waiting for more replicas. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];

/** Makes a server a replica of another; resolves when both report that it is in sync. */
async function follow(replica: Redis, master: TestRedis): Promise<void> {
  await replica.replicaof('127.0.0.1', master.port);
  const isUp = async (): Promise<boolean> => /master_link_status:up/.test(await replica.info('replication'));
  await eventually('the replica is in sync', isUp);
  const atMaster = master.client();
  const isKnown = async (): Promise<boolean> => /state=online/.test(await atMaster.info('replication'));
  await eventually('the master lists the replica as online', isKnown).finally(() => atMaster.disconnect());
}

/** The latest command of each client of a server. */
const commandsOf = async (server: Redis): Promise<string[]> =>
  [...String(await server.client('LIST')).matchAll(/ cmd=(\S+)/g)].map(([, command]) => command as string);

describeWithOwnRedis('the queue engine on a Redis whose master changes', () => {
  const bench = RedisBench.forEach();
  const clients: Redis[] = [];
  const clientOf = (server: TestRedis): Redis => {
    const client = server.client();
    clients.push(client);
    return client;
  };
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });

  it('follows the new master although connections to the old one stay open, and delivers each job once', async () => {
    const [old, next] = [await bench.redis(...AT_ONCE), await bench.redis()];
    const [atOld, atNext] = [clientOf(old), clientOf(next)];
    const relay = await bench.relay(old);
    const engine = await bench.open(old, { connection: relay.connection });
    const queue = engine.queue<number>('q');
    const handled: string[] = [];
    const handle = async ({ id }: { id: string }): Promise<typeof DONE> => {
      handled.push(id);
      return DONE;
    };
    queue.consume(handle, { concurrency: 4 });
    await queue.add([{ id: 'first', data: 0 }]);
    await eventually('the first job is handled', () => handled.length === 1);
    await eventually('the worker waits at the old master', async () => (await commandsOf(atOld)).includes('bzpopmin'));
    await follow(atNext, old);

    const added: string[] = [];
    let isOver = false;
    const adding = (async () => {
      for (let i = 0; !isOver; i++) {
        const add = (): Promise<boolean> =>
          queue.add([{ id: `job${i}`, data: i }], [{ name: `note${i}`, text: '' }]).then(
            () => true,
            () => false,
          );
        await eventually(`job${i} is added`, add);
        added.push(`job${i}`);
      }
    })();
    adding.catch(() => undefined);
    try {
      await eventually('some jobs are handled', () => handled.length > 20);
      // As a failover manager does: no write is lost, and no connection is closed.
      await atOld.call('FAILOVER', 'TO', '127.0.0.1', next.port);
      await eventually('the old master is a replica', async () => /role:slave/.test(await atOld.info('replication')));
      relay.lead(next.connection);
      const before = added.length;
      await eventually('more jobs are added', () => added.length > before + 20);
    } finally {
      isOver = true;
    }
    await adding;

    await eventually('all jobs are handled', () => new Set(handled).size === added.length + 1);
    expect(handled.slice().sort()).toEqual(['first', ...added].sort());
    expect(await allOf(engine.notes('note'))).toHaveLength(added.length);
    await eventually('the worker waits at the new master', async () => (await commandsOf(atNext)).includes('bzpopmin'));
    expect(await commandsOf(atOld)).not.toContain('bzpopmin');
  });

  it('does not use a replica, logs that once, and resumes when the replica becomes the master', async () => {
    const [master, replica] = [await bench.redis(...AT_ONCE), await bench.redis()];
    const atReplica = clientOf(replica);
    await follow(atReplica, master);
    const engine = await bench.open(replica);
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    expect(error.message).toMatch(/is a read-only replica: connect to its master/);
    // Reads are refused too: the replica may be stale.
    await rejection(engine.read('a'), OurSmsStorageError);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(bench.logs.lines).toHaveLength(1);
    await atReplica.replicaof('NO', 'ONE');
    await bench.untilAnswers(engine);
    expect(bench.logs.matching('answers again')).toHaveLength(1);
  });
});

afterAll(endWhatIsLeft);
