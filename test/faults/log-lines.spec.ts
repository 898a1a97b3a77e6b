import { afterEach, expect, it } from '@jest/globals';
import { CampaignBench, mobiles } from '../support/campaign-bench.js';
import { until } from '../support/application.js';

const ID = 'sale\n[Nest] FATAL forged \u001b[31m\u202e\u2028end';

let campaigns: CampaignBench;
afterEach(() => campaigns.remove());

it('a campaign whose id contains control characters runs, and each log entry stays one line', async () => {
  campaigns = await new CampaignBench().start({}, { accounts: [{ username: 'demo', password: 'demo', credits: 3 }] });
  campaigns.gateway.faults.next('errorIn200', { errorCode: 1008, on: 'send' });
  campaigns.gateway.faults.next('unavailable', { on: 'credits' });
  const recipients = mobiles(5);
  const campaign = await campaigns.face.start({ id: ID, message: { src: 'MyBrand', body: 'hello' }, recipients });
  await until('the campaign is paused', () => campaign.snapshot().state === 'paused');
  await campaign.cancel();
  await campaign.done;
  expect(campaign.snapshot().id).toBe(ID);
  const lines = campaigns.application.logs.lines.map(({ text }) => text);
  expect(lines.filter((line) => line.includes('sale\\u000a[Nest] FATAL forged \\u001b[31m')).length).toBeGreaterThan(1);
  expect(lines.filter((line) => /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u.test(line))).toEqual([]);
});
