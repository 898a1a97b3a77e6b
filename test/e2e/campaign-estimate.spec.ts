import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OurSmsGatewayError, OurSmsValidationError, type CampaignDraft, type CampaignLeftOut } from 'nestjs-oursms';
import { DEMO, rejection } from '../support/application.js';
import { CampaignBench, mobile, mobiles } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

describe('the estimate of a campaign', () => {
  it('counts recipients, parts and requests, and neither stores nor sends anything', async () => {
    await bench.start({}, { accounts: [{ ...DEMO, credits: 1_200 }] });
    const recipients = [...mobiles(1_100), 'x', `+966 ${mobile(3).slice(1)}`];
    expect(await bench.face.estimate({ message, recipients })).toEqual({
      ...{ total: 1_102, recipients: 1_100, invalid: 1, duplicate: 1, parts: 1_100, requests: 3 },
      ...{ credits: 1_200, sufficient: true },
    });
    const twoParts = { ...message, body: 'x'.repeat(161) };
    expect(await bench.face.estimate({ message: twoParts, recipients })).toMatchObject({
      ...{ parts: 2_200, credits: 1_200, sufficient: false },
    });
    expect(bench.requests()).toEqual([]);
    expect(await bench.face.list()).toEqual([]);
  });

  it('equals the report of the campaign started afterwards, including personal texts', async () => {
    await bench.start();
    const draft: CampaignDraft = {
      message: { ...message, body: 'Dear {name}' },
      recipients: [
        ...Array.from({ length: 3_000 }, (_, i) => ({ dest: mobile(i), name: `Customer ${i % 1_100}` })),
        mobile(5_000),
        { dest: mobile(7), name: 'again' },
      ],
    };
    const { requests, ...estimate } = await bench.face.estimate(draft);
    const { done } = await bench.face.start({ id: 'sale', ...draft });
    const { total, sent, invalid, duplicate, parts } = await done;
    expect({ total, recipients: sent, invalid, duplicate, parts }).toEqual({
      ...{ total: estimate.total, recipients: estimate.recipients, invalid: estimate.invalid },
      ...{ duplicate: estimate.duplicate, parts: estimate.parts },
    });
    expect(bench.requests()).toHaveLength(requests);
  });

  it('reports each recipient that would be left out before it reads the next one', async () => {
    await bench.start();
    const read: unknown[] = [];
    const recipients = (function* (): Iterable<string> {
      for (const dest of [mobile(0), 'no number', mobile(1), mobile(0)]) {
        read.push(dest);
        yield dest;
      }
    })();
    await bench.face.estimate({ message, recipients }, (input: CampaignLeftOut) => void read.push(input));
    expect(read).toEqual([
      ...[mobile(0), 'no number', { fate: 'invalid', dest: 'no number', reason: expect.any(String) }],
      ...[mobile(1), mobile(0), { fate: 'duplicate', dest: mobile(0) }],
    ]);
  });

  it('names the faults of the message, and rejects with the error of a recipients iterable', async () => {
    await bench.start();
    const faulty = rejection(
      bench.face.estimate({ message: { ...message, body: '' }, recipients: 'x' as never }),
      OurSmsValidationError,
    );
    expect((await faulty).faults.map(({ field }) => field)).toEqual(['recipients']);
    const noBody = bench.face.estimate({ message: { ...message, body: '' }, recipients: [] });
    expect((await rejection(noBody, OurSmsValidationError)).faults[0]?.field).toBe('body');
    const failing = (function* (): Iterable<string> {
      yield mobile(0);
      throw new RangeError('line 2 is broken');
    })();
    await expect(bench.face.estimate({ message, recipients: failing })).rejects.toThrow('line 2 is broken');
  });

  it('fails when the credits cannot be read', async () => {
    await bench.start();
    bench.gateway.faults.next('serverError', { on: 'credits' });
    await rejection(bench.face.estimate({ message, recipients: mobiles(1) }), OurSmsGatewayError);
  });
});
