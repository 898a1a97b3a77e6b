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

/** A master that lets another follow without waiting for more of them. */
const AT_ONCE = ['--repl-diskless-sync-delay', '0'];

/** Makes a server follow another; resolves when it has all, and the other one knows. */
async function follow(replica: Redis, master: TestRedis): Promise<void> {
  await replica.replicaof('127.0.0.1', master.port);
  const isUp = async (): Promise<boolean> => /master_link_status:up/.test(await replica.info('replication'));
  await eventually('it has all', isUp);
  const atMaster = master.client();
  const isKnown = async (): Promise<boolean> => /state=online/.test(await atMaster.info('replication'));
  await eventually('its master knows', isKnown).finally(() => atMaster.disconnect());
}

/** The commands that clients of a server are at. */
const commandsOf = async (server: Redis): Promise<string[]> =>
  [...String(await server.client('LIST')).matchAll(/ cmd=(\S+)/g)].map(([, command]) => command as string);

describeWithOwnRedis('a Redis whose master changes', () => {
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

  it('is followed when the connections to the old master stay open; what was taken is delivered once', async () => {
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
    await eventually('it is handled', () => handled.length === 1);
    await eventually('it waits for more', async () => (await commandsOf(atOld)).includes('bzpopmin'));
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
      await eventually('some are handled', () => handled.length > 20);
      // As whoever manages them does: nothing is lost, and nobody's connection is broken.
      await atOld.call('FAILOVER', 'TO', '127.0.0.1', next.port);
      await eventually('the old master is one no more', async () => /role:slave/.test(await atOld.info('replication')));
      relay.lead(next.connection);
      const before = added.length;
      await eventually('more are added', () => added.length > before + 20);
    } finally {
      isOver = true;
    }
    await adding;

    await eventually('all are handled', () => new Set(handled).size === added.length + 1);
    expect(handled.slice().sort()).toEqual(['first', ...added].sort());
    expect(await allOf(engine.notes('note'))).toHaveLength(added.length);
    await eventually('it waits for more there', async () => (await commandsOf(atNext)).includes('bzpopmin'));
    expect(await commandsOf(atOld)).not.toContain('bzpopmin');
  });

  it('is left alone, and said so once, while its address leads to a replica, and used as soon as that is the master', async () => {
    const [master, replica] = [await bench.redis(...AT_ONCE), await bench.redis()];
    const atReplica = clientOf(replica);
    await follow(atReplica, master);
    const engine = await bench.open(replica);
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    expect(error.message).toMatch(/is a read-only replica: connect to its master/);
    // Nor is anything read of a state that may be old.
    await rejection(engine.read('a'), OurSmsStorageError);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(bench.logs.lines).toHaveLength(1);
    await atReplica.replicaof('NO', 'ONE');
    await bench.untilAnswers(engine);
    expect(bench.logs.matching('answers again')).toHaveLength(1);
  });
});

afterAll(endWhatIsLeft);
