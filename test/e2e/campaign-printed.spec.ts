import { inspect } from 'node:util';
import { afterEach, expect, it } from '@jest/globals';
import { CampaignBench, mobiles, normalized } from '../support/campaign-bench.js';

const bench = new CampaignBench();
afterEach(() => bench.stop());

it('a campaign that is printed, or returned from a controller, shows its progress and no secret, text or number', async () => {
  const auth = { username: 'demo', password: 'demo' };
  await bench.start(
    { auth: { ...auth, password: 'pa55-word' } },
    { accounts: [{ ...auth, password: 'pa55-word', credits: 100 }] },
  );
  const message = { src: 'MyBrand', body: 'a text of ours' };
  const campaign = await bench.face.start({ id: 'sale', message, recipients: mobiles(3) });
  await campaign.done;
  const shown = [
    JSON.stringify([campaign, bench.face]),
    inspect([campaign, bench.face], { depth: 20, showHidden: true }),
  ];
  for (const text of shown) {
    for (const secret of ['pa55-word', 'a text of ours', normalized(0)]) expect(text).not.toContain(secret);
  }
  expect(JSON.parse(JSON.stringify(campaign))).toMatchObject({ id: 'sale', state: 'done', sent: 3 });
});
