import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { bootstrap } from '../../../sample-app/recipes/several-accounts.js';
import { until } from '../../support/application.js';
import { RecipeBench } from '../../support/recipe-bench.js';

const ACCOUNTS = [
  { username: 'orders', apiKey: 'orders-key', credits: 10 },
  { username: 'offers', apiKey: 'offers-key', credits: 10 },
];

let bench: RecipeBench;

beforeEach(async () => {
  bench = await RecipeBench.open(
    { accounts: ACCOUNTS },
    { OURSMS_API_KEY: 'orders-key', OURSMS_BULK_API_KEY: 'offers-key', POLL_EVERY_MS: '20' },
  );
  await bench.start(bootstrap);
});

afterEach(() => bench.close());

/** Lets the quiet hours pass, in which the gateway holds advertisements. */
const passNight = (): unknown => bench.gateway.clock.advance(13 * 3_600_000);
const orderReady = async (): Promise<number> =>
  (await bench.post('/orders/4711/ready', { number: '0501234567' })).status;
const offer = async (...numbers: string[]): Promise<number> => (await bench.post('/offers/eid', { numbers })).status;
const accounts = async (): Promise<Record<string, unknown>> =>
  (await bench.get('/accounts')).body as Record<string, unknown>;
const sentBy = (username: string): string[] =>
  bench.gateway.messages.filter((message) => message.username === username).map(({ src, dest }) => `${src} ${dest}`);

describe('the recipe of several accounts', () => {
  it('sends orders through one account and offers through the other, each with its sender', async () => {
    expect(await orderReady()).toBe(202);
    expect(await offer('0507654321', '0507654322')).toBe(202);
    await until('the offers are sent', () => sentBy('offers').length === 2);
    expect(sentBy('orders')).toEqual(['MyBrand 966501234567']);
    expect(sentBy('offers')).toEqual(['MyBrand-AD 966507654321', 'MyBrand-AD 966507654322']);
  });

  it('keeps the balances and the reports of the two accounts apart', async () => {
    await orderReady();
    await offer('0507654321', '0507654322');
    await until('the offers are sent', () => sentBy('offers').length === 2);
    passNight();
    const expected = { default: { credits: 9, delivered: 1 }, bulk: { credits: 8, delivered: 2 } };
    await until('all reports are handled', async () => JSON.stringify(await accounts()) === JSON.stringify(expected));
  });

  it('sends orders while the credits for offers have run out', async () => {
    bench.gateway.setCredits('offers', 0);
    await offer('0507654321');
    await until('the campaign is paused', () => bench.logs.matching(/eid.*credits|credits.*eid/).length > 0);
    expect(await orderReady()).toBe(202);
    expect(sentBy('offers')).toEqual([]);
    expect(sentBy('orders')).toHaveLength(1);
  });

  it('answers 400 for an order without a number', async () => {
    expect((await bench.post('/orders/4711/ready')).status).toBe(400);
  });
});
