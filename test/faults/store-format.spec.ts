import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { ClassicLevel } from 'classic-level';
import { Campaigns, DlrInbox, OurSmsModule, OurSmsStorageError, type DlrGap } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { allOf, eventually } from '../contract/queue/engine-under-test.js';
import { DEMO, DlrListener, rejection, startApplication, TestStorage, until } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { describeWithRedis } from '../support/redis-at-hand.js';
import { RedisBench } from '../support/redis-bench.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

/** What is in it: test/support/fixtures/make-store.mjs. */
const OLD_STORE = join(dirname(fileURLToPath(import.meta.url)), '../support/fixtures/store-0.1.0');

let storage: TestStorage;
let path: string;
beforeEach(async () => {
  storage = await TestStorage.make();
  path = join(storage.path, 'default');
});
afterEach(() => storage.remove());

/** Reads the mark of the format as it stands there, or changes it; `null` deletes it. */
async function mark(text?: string | null): Promise<string | undefined> {
  const db = new ClassicLevel(path);
  const before = await db.get('format');
  if (text === null) await db.del('format');
  else if (text !== undefined) await db.put('format', text);
  await db.close();
  return before;
}

async function makeStore(): Promise<void> {
  const engine = await StoredEngine.inDirectory(path);
  await engine.queue('default/pages').add([{ id: 'page', data: 'text' }]);
  await engine.note('default/gaps/count', '3');
  await engine.close();
}

async function expectAllThere(): Promise<void> {
  const engine = await StoredEngine.inDirectory(path);
  expect(await engine.queue('default/pages').counts()).toMatchObject({ waiting: 1 });
  expect(await engine.read('default/gaps/count')).toBe('3');
  await engine.note('default/gaps/count', '3');
  await engine.close();
}

describe('a store of version 0.1.0, which has no format mark', () => {
  it('is read: reports, gaps and campaigns resume where they were, and the store is marked', async () => {
    await cp(OLD_STORE, path, { recursive: true });
    expect(await mark()).toBeUndefined();
    const gateway = await GatewaySimulator.start({ accounts: [{ ...DEMO, credits: 10_000 }] });
    const gaps: DlrGap[] = [];
    const early = {
      provide: 'EARLY',
      inject: [EventEmitter2],
      useFactory: (emitter: EventEmitter2) => void emitter.on('oursms.dlr.gap', (gap: DlrGap) => void gaps.push(gap)),
    };
    const dlr = { poll: { everyMs: 50 } };
    const account = OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage, dlr });
    const application = await startApplication([account], [DlrListener, early]);
    const { app } = application;
    const [inbox, campaigns, listener] = [app.get(DlrInbox), app.get(Campaigns), app.get(DlrListener)];
    const handled = (): unknown[] => listener.handled.map(({ msgId }) => msgId);

    // m3 was with its listener, m0 failed, and m2 waits for its next attempt, by the clock of the machine that made the store.
    await until('the interrupted report is redelivered', () => handled().includes('m3'));
    expect((await allOf(inbox.failed())).map(({ dlr: { msgId, via } }) => [msgId, via])).toEqual([['m0', 'poll']]);
    expect(listener.handled.map(({ via }) => via)).not.toContain(undefined);
    expect(await allOf(inbox.unreadable())).toHaveLength(1);
    await until('the interrupted download is announced', () => gaps.length === 1);
    await eventually('all other reports are handled', async () => (await inbox.stats()).pages === 0);
    const { waiting, ...stats } = await inbox.stats();
    expect(stats).toMatchObject({ failed: 1, unreadable: 1, gaps: 2 });
    expect([...handled(), ...(waiting === 1 ? ['m2'] : [])].sort()).toEqual(['m2', 'm3']);

    const spring = await (await campaigns.get('spring'))?.done;
    expect(spring).toMatchObject({ state: 'done', total: 1_200, sent: 700, unknown: 500, notSent: 0 });
    expect((await campaigns.get('winter'))?.snapshot()).toMatchObject({ state: 'done', sent: 3 });
    const sent = gateway.requests
      .filter(({ call }) => call === 'send')
      .flatMap(({ params }) => params.dests?.split(','));
    expect(sent).toEqual(mobiles(200, 1_000).map((mobile) => `966${mobile.slice(1)}`));
    await application.close();
    await gateway.stop();
    expect(await mark()).toBe('1');
  });
});

describe('a store', () => {
  it('is marked with its format', async () => {
    await makeStore();
    expect(await mark()).toBe('1');
  });

  it.each<[string, string | null]>([
    ['lost its mark', null],
    ['has a mark that cannot be read', 'x1'],
    ['has an empty mark', ''],
    ['has a mark of an older format', '0'],
  ])('that %s is read, and marked again', async (_what, text) => {
    await makeStore();
    await mark(text);
    await expectAllThere();
    expect(await mark()).toBe('1');
  });

  it.each(['2', '2.1 with something new', '999'])(
    'of a newer version (mark %s) is refused in one sentence',
    async (text) => {
      await makeStore();
      await mark(text);
      const error = await rejection(StoredEngine.inDirectory(path), OurSmsStorageError);
      expect(error).toMatchObject({ fault: 'unsuited', path, retryable: false, outcome: 'notSent' });
      expect(error.message).toBe(
        `The store ${path} was written by a newer version of nestjs-oursms in format ${parseInt(text)}, and this version reads formats up to 1: upgrade nestjs-oursms; nothing in it was changed.`,
      );
      expect(await mark('1')).toBe(text);
      await expectAllThere();
    },
  );

  it('of a newer version prevents the application from starting, before anything is downloaded', async () => {
    await makeStore();
    await mark('2');
    const gateway = await GatewaySimulator.start();
    gateway.pushReport('demo', { msgId: 'm0' });
    const dlr = { poll: { everyMs: 20 } };
    const account = OurSmsModule.forRoot({ baseUrl: gateway.url, auth: DEMO, storage, dlr });
    const error = await rejection(startApplication([account], [DlrListener]), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unsuited', path });
    expect(gateway.requests).toEqual([]);
    await gateway.stop();
  });
});

describeWithRedis('a store in Redis', () => {
  const bench = RedisBench.forEach();

  it('is marked with its format; a newer format is refused in one sentence, an older or altered one is read', async () => {
    const redis = await bench.reach();
    const client = redis.client();
    const key = `{${bench.prefix}}/format`;
    try {
      const first = await bench.open(redis);
      await first.note('default/gaps/count', '3');
      await eventually('the store is marked', async () => (await client.get(key)) === '2');
      await first.close();

      await client.set(key, '3');
      const second = await bench.open(redis);
      const error = await rejection(second.read('default/gaps/count'), OurSmsStorageError);
      expect(error).toMatchObject({ fault: 'unsuited', retryable: false });
      expect(error.message).toContain(
        `contains a store (prefix {${bench.prefix}}) that was written by a newer version of nestjs-oursms in format 3, and this version reads formats up to 2: upgrade nestjs-oursms`,
      );
      expect(bench.logs.matching('newer version')).toHaveLength(1);
      await second.close();
      expect(await client.get(key)).toBe('3');

      for (const text of [undefined, '0', 'x1', '']) {
        if (text === undefined) await client.del(key);
        else await client.set(key, text);
        const engine = await bench.open(redis);
        expect(await engine.read('default/gaps/count')).toBe('3');
        await engine.close();
        expect([text, await client.get(key)]).toEqual([text, '2']);
      }
    } finally {
      client.disconnect();
    }
  });
});

afterAll(endWhatIsLeft);
