import { afterEach, describe, expect, it } from '@jest/globals';
import { bootstrap } from '../../../sample-app/recipes/tracked-order.js';
import { until } from '../../support/application.js';
import { RecipeBench, type RecipeAnswer } from '../../support/recipe-bench.js';

const NUMBER = '0501234567';
const DEST = '966501234567';

let bench: RecipeBench;

afterEach(() => bench.close());

async function start(simulator: Parameters<typeof RecipeBench.open>[0] = {}, missingAfterMs = 60_000): Promise<void> {
  bench = await RecipeBench.open(simulator, { POLL_EVERY_MS: '20', MISSING_AFTER_MS: String(missingAfterMs) });
  await bench.start(bootstrap);
}

const ready = (id = '4711'): Promise<RecipeAnswer> => bench.post(`/orders/${id}/ready`, { number: NUMBER });
const message = (waitMs = 0, id = '4711'): Promise<RecipeAnswer> => bench.get(`/orders/${id}/message?waitMs=${waitMs}`);

describe('the recipe of a tracked order', () => {
  it('shows the message as delivered as soon as its report arrives', async () => {
    await start({ deliverAfterMs: 100 });
    expect(await ready()).toEqual({ status: 201, body: { notified: 'sent' } });
    const begin = performance.now();
    expect((await message(10_000)).body).toMatchObject({ state: 'delivered' });
    expect(performance.now() - begin).toBeLessThan(5_000);
    await until(
      'the order has the final state',
      async () => ((await message()).body as { notified: string }).notified === 'delivered',
    );
  });

  it('shows a message that was not delivered', async () => {
    await start({ statusOf: () => 'undelivered' });
    await ready();
    expect((await message(10_000)).body).toMatchObject({ state: 'undelivered' });
    await until('the order has the final state', async () =>
      /notDelivered/.test(JSON.stringify((await message()).body)),
    );
  });

  it('distinguishes the messages of two orders to one number', async () => {
    await start({ statusOf: (_, body) => (body.includes('4712') ? 'failed' : 'delivered') });
    await ready('4711');
    await ready('4712');
    expect((await message(10_000, '4711')).body).toMatchObject({ state: 'delivered' });
    expect((await message(10_000, '4712')).body).toMatchObject({ state: 'failed' });
  });

  it('answers with the known state before a report arrives', async () => {
    await start({ reports: false });
    await ready();
    expect(await message()).toEqual({ status: 200, body: { state: 'sent', notified: 'sent' } });
    expect((await message(0, '4712')).status).toBe(404);
  });

  it('marks a message whose answer was lost as unsure until its report arrives', async () => {
    await start({ reports: false });
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await ready()).toEqual({ status: 201, body: { notified: 'unsure' } });
    expect((await message()).body).toEqual({ state: 'unknown', notified: 'unsure' });
    const [{ msgId, jobId } = { msgId: '', jobId: '' }] = bench.gateway.messages;
    bench.gateway.pushReport('demo', { msgId, jobId, dest: DEST, src: 'MyBrand', status: 'sent' });
    await until('the message is confirmed', async () =>
      /"notified":"sent"/.test(JSON.stringify((await message()).body)),
    );
    bench.gateway.pushReport('demo', { msgId, jobId, dest: DEST, src: 'MyBrand', status: 'delivered' });
    expect((await message(10_000)).body).toMatchObject({ state: 'delivered' });
    expect(bench.gateway.phone(DEST)).toHaveLength(1);
  });

  it('answers with an error when nothing was sent, and leaves the order unchanged', async () => {
    await start();
    bench.gateway.setCredits('demo', 0);
    expect(await ready()).toMatchObject({ status: 503, body: { outcome: 'notSent' } });
    expect((await message()).body).toEqual({ state: 'notSent' });
  });

  it('logs a call to the customer when no report arrives in time, and accepts a late report', async () => {
    await start({ reports: false }, 1_000);
    await ready();
    await until('the missing report is announced', async () =>
      /"notified":"call"/.test(JSON.stringify((await message()).body)),
    );
    expect(bench.logs.matching('No report of order-4711 to 9665******67: call the customer.')).toHaveLength(1);
    const [{ msgId } = { msgId: '' }] = bench.gateway.messages;
    bench.gateway.pushReport('demo', { msgId, status: 'delivered' });
    await until('the order shows the delivery', async () =>
      /"notified":"delivered"/.test(JSON.stringify((await message()).body)),
    );
  });

  it('logs no number', async () => {
    await start();
    await ready();
    await message(10_000);
    expect(bench.logs.matching('501234567')).toEqual([]);
  });
});
