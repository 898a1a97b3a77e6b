import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Campaign, CampaignInput } from 'nestjs-oursms';
import { CampaignBench, destsOf, mobiles, normalized } from '../support/campaign-bench.js';

let bench: CampaignBench;
beforeEach(async () => {
  bench = new CampaignBench();
  await bench.start({ numbers: { country: 'any' } });
});
afterEach(() => bench.remove());

/** A campaign of one request that gets this answer. */
async function answered(recipients: string[], answer: object): Promise<Campaign> {
  bench.gateway.faults.next('garbage', { body: JSON.stringify(answer), on: 'send' });
  const campaign = await bench.face.start({ id: 'sale', message: { src: 'MyBrand', body: 'Half price' }, recipients });
  await campaign.done;
  return campaign;
}

async function inputsOf(campaign: Campaign, fate: 'sent' | 'rejected'): Promise<CampaignInput[]> {
  const found: CampaignInput[] = [];
  for await (const input of campaign.inputs(fate)) found.push(input);
  return found;
}

const rows = (...dests: unknown[]): { dest: unknown }[] => dests.map((dest) => ({ dest }));

describe('a recipient that the gateway rejected', () => {
  it.each<[string, unknown]>([
    ['as it was sent', normalized(1)],
    ['as a JSON number', Number(normalized(1))],
    ['with a plus', `+${normalized(1)}`],
    ['with two zeros', `00${normalized(1)}`],
    ['in national format', mobiles(2)[1]],
    ['with spaces', '+966 50 000 0001'],
  ])('is recognised when the answer writes the number %s', async (_what, dest) => {
    const answer = { accepted: 2, rejected: 1, rejectedMsgs: rows(dest) };
    const campaign = await answered(mobiles(3), answer);
    expect(campaign.snapshot()).toMatchObject({ sent: 2, rejected: 1 });
    expect(await inputsOf(campaign, 'rejected')).toEqual([{ dest: normalized(1) }]);
    expect(await inputsOf(campaign, 'sent')).toEqual([{ dest: normalized(0) }, { dest: normalized(2) }]);
  });

  it('is recognised in other countries', async () => {
    const answer = { accepted: 1, rejected: 1, rejectedMsgs: rows('00971501234567') };
    const campaign = await answered(['+971501234567', '0500000000'], answer);
    expect(await destsOf(campaign, 'rejected')).toEqual(['971501234567']);
    expect(await destsOf(campaign, 'sent')).toEqual([normalized(0)]);
  });

  it('is reported once, and only when the request was sent to this number', async () => {
    const named = rows(normalized(1), `+${normalized(1)}`, normalized(9), 'nobody', null);
    const campaign = await answered(mobiles(3), { accepted: 2, rejected: 1, rejectedMsgs: named });
    expect(campaign.snapshot()).toMatchObject({ sent: 2, rejected: 1 });
    expect(await destsOf(campaign, 'rejected')).toEqual([normalized(1)]);
    expect(await destsOf(campaign, 'sent')).toEqual([normalized(0), normalized(2)]);
  });

  it('is reported as one of the remaining recipients when the answer does not name all rejected ones', async () => {
    const answer = { accepted: 3, rejected: 2, rejectedMsgs: rows(normalized(4)) };
    const campaign = await answered(mobiles(5), answer);
    expect(campaign.snapshot()).toMatchObject({ sent: 3, rejected: 2 });
    expect(await inputsOf(campaign, 'rejected')).toEqual([{ dest: normalized(4) }]);
    const reason = 'one of 4 of which the gateway rejected 1 without naming them';
    expect(await inputsOf(campaign, 'sent')).toEqual([0, 1, 2, 3].map((i) => ({ dest: normalized(i), reason })));
  });

  it('is reported as one of all recipients when the answer names more rejections than it counts', async () => {
    const named = rows(normalized(0), normalized(1), normalized(2));
    const campaign = await answered(mobiles(4), { accepted: 2, rejected: 2, rejectedMsgs: named });
    expect(campaign.snapshot()).toMatchObject({ sent: 2, rejected: 2 });
    expect(await destsOf(campaign, 'rejected')).toEqual([]);
    const reason = 'one of 4 of which the gateway rejected 2 without naming them';
    expect(await inputsOf(campaign, 'sent')).toEqual([0, 1, 2, 3].map((i) => ({ dest: normalized(i), reason })));
  });
});
