import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { OurSmsConfigError } from 'nestjs-oursms';
import { bootstrap, WebhookFastifyModule } from '../../../sample-app/recipes/webhook-fastify.js';
import { rejection, until } from '../../support/application.js';
import { RecipeBench, type RecipeAnswer } from '../../support/recipe-bench.js';

const SECRET = 'a-secret-of-the-tests';

let bench: RecipeBench;

beforeEach(async () => {
  bench = await RecipeBench.open({}, { DLR_SECRET: SECRET });
  await bench.start(bootstrap);
  await bench.gateway.pushTo(`${bench.url}/api/sms/reports/${SECRET}`);
});

afterEach(() => bench.close());

async function send(dests = '0501234567'): Promise<string> {
  const { status, body } = await bench.post('/api/messages', { dests, body: 'Your order is ready' });
  expect(status).toBe(201);
  const [msgId] = (body as { msgIds: string[] }).msgIds;
  return String(msgId);
}
const statusOf = (msgId: string): Promise<RecipeAnswer> => bench.get(`/api/messages/${msgId}`);
const untilDelivered = (msgId: string): Promise<void> =>
  until('the report has arrived', async () => (await statusOf(msgId)).status === 200);

describe('the recipe of a webhook behind Fastify', () => {
  it('accepts the pushed report of a message below the global prefix', async () => {
    const msgId = await send();
    await untilDelivered(msgId);
    expect(await statusOf(msgId)).toEqual({ status: 200, body: { status: 'delivered' } });
    expect(bench.gateway.pushes.map(({ status }) => status)).toEqual([200]);
  });

  it('keeps a final status when an earlier status arrives late', async () => {
    const msgId = await send();
    await untilDelivered(msgId);
    expect((await bench.post(`/api/sms/reports/${SECRET}`, { statuses: [{ msgId, status: 'sent' }] })).status).toBe(
      200,
    );
    const last = await send();
    await untilDelivered(last);
    expect((await statusOf(msgId)).body).toEqual({ status: 'delivered' });
  });

  it.each(['/api/sms/reports/another-secret-than-ours', `/sms/reports/${SECRET}`])(
    'answers 404 on %s',
    async (path) => {
      expect((await bench.post(path, { statuses: [{ msgId: '1', status: 'delivered' }] })).status).toBe(404);
    },
  );

  it('refuses a message without recipients, and one to no phone number', async () => {
    expect((await bench.post('/api/messages', { body: 'hello' })).status).toBe(400);
    expect((await bench.post('/api/messages', { dests: '12345', body: 'hello' })).status).toBe(400);
    expect(bench.gateway.requests).toHaveLength(0);
  });

  it('does not start with a real gateway unless a secret is set', async () => {
    delete process.env.DLR_SECRET;
    const starting = Test.createTestingModule({ imports: [WebhookFastifyModule] }).compile();
    const { faults } = await rejection(starting, OurSmsConfigError);
    expect(faults.map(({ field }) => field)).toEqual(['dlr.webhook.secret']);
  });

  it('logs neither the secret nor a number', async () => {
    await untilDelivered(await send());
    expect(bench.logs.matching(new RegExp(`${SECRET}|501234567`))).toEqual([]);
  });
});
