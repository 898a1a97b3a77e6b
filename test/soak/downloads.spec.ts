import { describe, expect, it } from '@jest/globals';
import { ASKED, FAULTS, inbox, play, start } from '../faults/download-faults.js';
import { until } from '../support/application.js';

const FAILING = Object.entries(FAULTS).filter(([, { fails }]) => fails);

describe('a gateway with a persistent fault', () => {
  it.each(FAILING)('%s: is polled with backoff, and its reports are downloaded once it has recovered', async (name) => {
    await start();
    await inbox.face.pause();
    inbox.push(5 * ASKED);
    play(name, Infinity);
    const [before, began] = [inbox.downloads(), Date.now()];
    await inbox.face.resume();
    await until('some polls failed', () => inbox.downloads() - before >= 3);
    // Waits of at least 100, 200, 400, … ms lie between them.
    expect(inbox.downloads() - before).toBeLessThanOrEqual(2 + Math.log2(1 + (Date.now() - began) / 100));
    inbox.gateway.faults.clear();
    inbox.push(1);
    await until('the last report is handled', () => inbox.handled.some(({ msgId }) => msgId === `m${5 * ASKED}`));
  });
});
