import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CampaignProgress, Dlr, SendReceipt } from 'nestjs-oursms';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import type { CampaignView } from '../../sample-app/campaigns/campaign-desk.js';
import { readSettings } from '../../sample-app/settings.js';
import type { Status } from '../../sample-app/status.controller.js';
import { DEMO, until } from '../support/application.js';
import { mobiles } from '../support/campaign-bench.js';
import { TestRedis } from '../support/redis.js';
import { describeWithOwnRedis, itWithOwnRedis } from '../support/redis-at-hand.js';
import { SampleBench } from '../support/sample-bench.js';
import { SampleCampaigns } from '../support/sample-campaigns.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

jest.setTimeout(120_000);

const message = { src: 'MyBrand', body: 'Half price today' };
const isOver = ({ state }: CampaignProgress): boolean => state === 'done' || state === 'cancelled';

describeWithOwnRedis('two instances of the sample application on one Redis', () => {
  let redis: TestRedis;
  let gateway: GatewaySimulator;
  let here: SampleBench;
  let there: SampleBench;

  beforeEach(async () => {
    redis = await TestRedis.start();
    gateway = await GatewaySimulator.start({ accounts: [{ ...DEMO, credits: 100_000 }] });
    const env = { REDIS_URL: redis.url, OURSMS_SIMULATOR: gateway.url };
    here = await SampleBench.start(env);
    there = await SampleBench.start(env);
  });

  afterEach(async () => {
    await Promise.all([here?.close(), there?.close()]);
    await gateway?.stop();
    await redis?.remove();
  });

  /** The ids of the reports that an instance has handled. */
  const handledBy = async ({ storage }: SampleBench): Promise<string[]> => {
    const text = await readFile(join(storage.path, 'simulated', 'handled-reports.jsonl'), 'utf8');
    const lines = text.split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as Dlr).id);
  };

  it('show where their reports are stored, without a password', async () => {
    const { json } = await here.get<Status>('/status');
    expect(json).toEqual({ gateway: 'simulated', src: 'MyBrand', storage: `Redis at 127.0.0.1:${redis.port}` });
    const { storage } = (await here.get<Status>('/status')).json;
    expect(storage).not.toContain('@');
  });

  it('show the same campaign, and either can cancel it', async () => {
    const csv = mobiles(3_000).join('\n');
    const { id } = await new SampleCampaigns(here).start(csv, { id: 'eid', message, rate: 1 });
    const other = new SampleCampaigns(there);
    await until(
      'the other instance knows the campaign',
      async () => (await there.get(`/campaigns/${id}`)).status === 200,
    );
    const told = await other.follow(id, ({ sent }) => sent > 0);
    expect(told.at(-1)).toMatchObject({ id, total: 3_000, state: 'running' });
    await there.post(`/campaigns/${id}/cancel`);
    const ends = await Promise.all([new SampleCampaigns(here).follow(id, isOver), other.follow(id, isOver)]);
    const [first, second] = ends.map((progress) => progress.at(-1));
    expect(first).toMatchObject({ state: 'cancelled', pending: 0 });
    expect(second).toMatchObject({ state: 'cancelled', sent: first?.sent, notSent: first?.notSent });
    const lists = await Promise.all([here, there].map((one) => one.get<CampaignView[]>('/campaigns')));
    expect(lists.map(({ json }) => json.map((campaign) => campaign.state))).toEqual([['cancelled'], ['cancelled']]);
  });

  it('share the reports: each is handled by one instance, and by the other one when the first has ended', async () => {
    const send = async (instance: SampleBench, dest: string): Promise<void> => {
      const { status } = await instance.post<SendReceipt>('/messages', { ...message, dests: [dest], dlr: true });
      expect(status).toBe(201);
    };
    for (const dest of mobiles(10)) await send(here, dest);
    gateway.clock.advance(60_000);
    const all = async (): Promise<string[]> => [...(await handledBy(here)), ...(await handledBy(there))];
    await until('all reports are handled', async () => (await all()).length >= 10);
    expect(new Set(await all()).size).toBe(10);
    await here.stop();
    for (const dest of mobiles(10)) await send(there, dest);
    gateway.clock.advance(60_000);
    await until('all reports are handled', async () => (await all()).length >= 20);
    expect(new Set(await all()).size).toBe(20);
  });
});

describe('the settings of several instances', () => {
  it('give each instance a directory named after its port', () => {
    const env = { REDIS_URL: 'redis://:secret@127.0.0.1:6379', PORT: '3001' };
    expect(readSettings(env)).toMatchObject({ storage: '.oursms/port-3001', redisUrl: env.REDIS_URL });
    expect(readSettings({ ...env, OURSMS_STORAGE: 'mine' })).toMatchObject({ storage: 'mine' });
    expect(readSettings({})).toMatchObject({ storage: '.oursms', redisUrl: undefined });
  });

  it.each(['127.0.0.1:6379', 'http://127.0.0.1:6379', 'secret'])(
    'refuse %j as a Redis URL, without showing it',
    (url) => {
      expect(() => readSettings({ REDIS_URL: url })).toThrow(/^REDIS_URL must be the URL of a Redis server/);
    },
  );

  const settingsOfCompose = async (): Promise<string> => {
    const yaml = await readFile(new URL('../../sample-app/compose.yaml', import.meta.url), 'utf8');
    return /^\s+command: redis-server (.*)$/m.exec(yaml)?.[1] ?? '';
  };

  it('come with a compose file whose Redis persists every acknowledged write', async () => {
    expect(await settingsOfCompose()).toContain('--appendfsync always');
  });

  itWithOwnRedis('come with a compose file whose settings Redis accepts', async () => {
    const command = await settingsOfCompose();
    expect(command).not.toBe('');
    const redis = await TestRedis.start(...command.split(' '));
    await redis.remove();
  });
});

afterAll(endWhatIsLeft);
