import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsConfigError } from 'nestjs-oursms';
import { bootstrap, handler, sendOnce } from '../../../sample-app/recipes/short-lived.js';
import { rejection, until } from '../../support/application.js';
import { RecipeBench } from '../../support/recipe-bench.js';

const NUMBER = '0501234567';
const PHONE = '966501234567';

let bench: RecipeBench;

beforeEach(async () => {
  bench = await RecipeBench.open();
});

afterEach(async () => {
  process.exitCode = undefined;
  await bench.close();
});

const run = async (number = NUMBER): Promise<unknown> => {
  await bootstrap([number, 'The backup has failed']);
  return process.exitCode;
};

describe('the recipe of a short-lived process', () => {
  it('sends, exits with 0, and leaves no connection open', async () => {
    expect(await run()).toBe(0);
    expect(bench.gateway.phone(PHONE).map(({ body }) => body)).toEqual(['The backup has failed']);
    await until('its connections are closed', () => bench.gateway.openSockets === 0);
  });

  it('sends a message once, also when it is started again', async () => {
    for (let starts = 0; starts < 3; starts++) expect((await sendOnce(NUMBER, 'hello')).outcome).toBe('sent');
    expect(bench.gateway.phone(PHONE)).toHaveLength(1);
  });

  it('may be started again after an unknown outcome: the message is not sent twice', async () => {
    bench.gateway.faults.next('resetAfter', { on: 'send' });
    expect(await sendOnce(NUMBER, 'hello')).toMatchObject({ outcome: 'unknown' });
    expect(await sendOnce(NUMBER, 'hello')).toEqual({ outcome: 'sent' });
    expect(bench.gateway.phone(PHONE)).toHaveLength(1);
  });

  it('distinguishes retryable failures from refusals', async () => {
    expect(await sendOnce('12345', 'hello')).toMatchObject({ outcome: 'refused' });
    bench.gateway.setCredits('demo', 0);
    expect(await sendOnce(NUMBER, 'hello')).toMatchObject({ outcome: 'refused' });
    await bench.gateway.refuseConnections();
    const { outcome, why } = await sendOnce(NUMBER, 'hello');
    expect(outcome).toBe('retryable');
    expect(why).not.toMatch(/501234567|hello/);
  });

  it('counts a recipient that the gateway rejects as refused', async () => {
    await bench.close();
    bench = await RecipeBench.open({ unroutable: ['966501'] });
    expect(await sendOnce(NUMBER, 'hello')).toMatchObject({ outcome: 'refused' });
  });

  it('as a function, throws only for retryable failures', async () => {
    expect(await handler({ number: NUMBER, body: 'hello' })).toEqual({ outcome: 'sent' });
    expect(await handler({ number: '12345', body: 'hello' })).toMatchObject({ outcome: 'refused' });
    await bench.gateway.refuseConnections();
    await rejection(handler({ number: NUMBER, body: 'hello' }), Error);
  });

  it('throws for a faulty configuration', async () => {
    process.env.OURSMS_BASE_URL = 'http://gateway.example';
    await rejection(sendOnce(NUMBER, 'hello'), OurSmsConfigError);
  });
});
