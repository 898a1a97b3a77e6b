import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CampaignBench, mobile, mobiles, normalized } from '../support/campaign-bench.js';

const message = { src: 'MyBrand', body: 'Half price today' };

let bench: CampaignBench;
beforeEach(() => void (bench = new CampaignBench()));
afterEach(() => bench.remove());

describe('personal texts', () => {
  it('are sent in bounded memory when every recipient has a different text', async () => {
    await bench.start();
    const everyone = Array.from({ length: 3_000 }, (_, i) => ({ dest: mobile(i), code: i }));
    const { done } = await bench.face.start({
      id: 'sale',
      message: { ...message, body: 'Code {code}' },
      recipients: everyone,
      concurrency: 16,
    });
    expect(await done).toMatchObject({ sent: 3_000, parts: 3_000 });
    expect(bench.gateway.phone(normalized(2_999))[0]?.body).toBe('Code 2999');
  });
});

describe('the estimate of a campaign', () => {
  it('does not block the event loop while it reads a million recipients', async () => {
    await bench.start();
    const recipients = mobiles(1_000_000);
    let longestMs = 0;
    let before = performance.now();
    const beat = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - before);
      before = performance.now();
    }, 5);
    expect(await bench.face.estimate({ message, recipients })).toMatchObject({ recipients: 1_000_000 });
    clearInterval(beat);
    expect(longestMs).toBeGreaterThan(0);
    expect(longestMs).toBeLessThan(200);
  });
});
