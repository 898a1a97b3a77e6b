import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { OurSmsStorageError, OurSmsValidationError, type Campaign } from 'nestjs-oursms';
import { CampaignNames } from '../../lib/campaigns/store/campaign-names.js';
import { eraseCampaign } from '../../lib/campaigns/store/erase-campaign.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { rejection, until } from '../support/application.js';
import { CampaignBench, destsOf, mobiles } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

const start = (count: number, more = {}): Promise<Campaign> =>
  bench.face.start({ id: 'sale', message, recipients: mobiles(count), concurrency: 1, ...more });

/** Fails when a promise is not settled soon. */
async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  const late = wait(5_000, undefined, { ref: false }).then(() => Promise.reject(new Error(`waited in vain: ${what}`)));
  return Promise.race([promise, late]);
}

describe('a campaign whose last request is in flight', () => {
  it.each([0, 5, 10, 15])('is done even if it is paused meanwhile (after %d ms)', async (afterMs) => {
    await bench.start();
    bench.gateway.faults.chance('latency', 1, { ms: 10, on: 'send' });
    const campaign = await start(500);
    await wait(afterMs);
    await campaign.pause();
    if (campaign.snapshot().pending > 0) await campaign.resume();
    expect(await soon('its end', campaign.done)).toMatchObject({ state: 'done', sent: 500 });
  });

  it.each(Array.from({ length: 12 }, (_, i) => i))(
    'is done even if its unknown messages are resolved at that moment (%d)',
    async (afterMs) => {
      await bench.start();
      bench.gateway.faults.next('resetAfter', { on: 'send' });
      bench.gateway.faults.chance('latency', 1, { ms: 8, on: 'send' });
      const campaign = await start(1_000);
      await until('a message is unknown', () => campaign.snapshot().unknown > 0);
      await wait(afterMs);
      expect(await bench.face.resolveUnknown('sale', 'sent')).toBe(500);
      const { state } = await soon('its end', campaign.done);
      expect(state).toBe('done');
      expect((await bench.face.get('sale'))?.snapshot()).toMatchObject({ sent: 1_000, unknown: 0 });
    },
  );
});

describe('the unknown messages of a campaign', () => {
  const inDoubt = async (): Promise<Campaign> => {
    await bench.start();
    bench.gateway.faults.next('resetBefore', { on: 'send' });
    const campaign = await start(700);
    await campaign.done;
    return campaign;
  };

  it.each(['sendagain', 'resend', '', undefined, null, {}])(
    'stay unknown when they are resolved as something else (%j)',
    async (fate) => {
      const campaign = await inDoubt();
      const settled = bench.face.resolveUnknown('sale', fate as never);
      expect((await rejection(settled, OurSmsValidationError)).message).toContain('sent or sendAgain');
      expect(await destsOf(campaign, 'unknown')).toHaveLength(500);
    },
  );

  it('are either sent again or removed with the campaign when both are requested at once', async () => {
    await inDoubt();
    bench.gateway.faults.chance('latency', 1, { ms: 300, on: 'send' });
    const [again, removed] = await Promise.all([
      bench.face.resolveUnknown('sale', 'sendAgain'),
      bench.face.remove('sale'),
    ]);
    expect([again, removed]).toEqual([500, false]);
    const campaign = await bench.face.get('sale');
    expect(await soon('its end', campaign?.done ?? Promise.reject(new Error('it is gone')))).toMatchObject({
      sent: 700,
    });
    expect(bench.reached(700)).toEqual([1]);
  });

  it('are not sent again when the campaign is being removed', async () => {
    await inDoubt();
    const [removed, again] = await Promise.all([
      bench.face.remove('sale'),
      bench.face.resolveUnknown('sale', 'sendAgain'),
    ]);
    expect([removed, again]).toEqual([true, 0]);
    expect(await bench.face.get('sale')).toBeUndefined();
    expect(await bench.face.list()).toEqual([]);
  });
});

it('a suspended removal that lost its lock leaves a later campaign with the same id alone', async () => {
  const engine = StoredEngine.inMemory();
  const names = new CampaignNames('default');
  const [old, next] = [
    { id: 'sale', run: 'old' },
    { id: 'sale', run: 'next' },
  ];
  const notes = [names.list(next, 'chunk') + '000000000', names.open(next, 'facts'), names.over('sale')];
  for (const name of [...notes, names.list(old, 'chunk') + '000000000']) await engine.note(name, '{}');
  const lost = new OurSmsStorageError('lost', { fault: 'failed' });
  const right = { check: () => Promise.reject(lost) };
  expect(await rejection(eraseCampaign(engine, names, old, right), OurSmsStorageError)).toBe(lost);
  for (const name of notes) expect(await engine.read(name)).toBe('{}');
  await engine.close();
});

it('a campaign that starts while an earlier one with its id is removed twice keeps its recipients', async () => {
  await bench.start();
  await (
    await start(1_000)
  ).done;
  const removals = [bench.face.remove('sale'), bench.face.remove('sale')];
  await until('the earlier campaign is gone', async () => (await bench.face.get('sale')) === undefined);
  bench.gateway.faults.chance('latency', 1, { ms: 50, on: 'send' });
  const campaign = await start(3_000);
  expect(await Promise.all(removals)).toEqual([true, false]);
  expect(await soon('its end', campaign.done)).toMatchObject({ total: 3_000, sent: 3_000 });
  expect(await destsOf(campaign, 'sent')).toHaveLength(3_000);
});
