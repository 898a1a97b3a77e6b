import { EventEmitter2 } from '@nestjs/event-emitter';
import { expect, it } from '@jest/globals';
import { DlrGaps } from '../../../lib/inbox/dlr-gaps.js';
import { DlrPublisher } from '../../../lib/inbox/dlr-publisher.js';
import type { DlrGap } from '../../../lib/inbox/dlr-events.js';
import { CampaignNames } from '../../../lib/campaigns/store/campaign-names.js';
import { CampaignRecords } from '../../../lib/campaigns/store/campaign-records.js';
import { engineForEach, pause, type EngineKind } from './engine-under-test.js';
import { ODD_NAMES } from './odd-values.js';

/** Names of accounts that would read as a part of what another account keeps. */
const ACCOUNTS = [
  ...ODD_NAMES,
  '',
  'shop',
  'shop/',
  'shop/download',
  'shop%2Fdownload',
  'shop/pages',
  'shop/gaps',
  'shop/gaps/count',
  'shop/campaign',
  'shop/campaigns/open',
  'shop/campaigns/over',
  'a/gaps',
  'a/download',
  'a[b]',
  'a?',
  'a*',
];

/** Isolation of several accounts in one engine. */
export function accountsContract(kind: EngineKind): void {
  const bench = engineForEach(kind);

  it('keep their downloads and gap counters apart, whatever the account names are', async () => {
    const heard: DlrGap[] = [];
    const emitter = new EventEmitter2();
    emitter.on('oursms.dlr.gap', (gap: DlrGap) => void heard.push(gap));
    const publisher = new DlrPublisher(emitter, 1_000);
    const all = ACCOUNTS.map((account, i) => {
      const gaps = new DlrGaps(bench.engine, publisher, account, 1);
      return { account, gaps, asked: i + 1 };
    });
    for (const { gaps, asked } of all) await gaps.intend(asked);
    await pause(10);
    for (const { account, gaps, asked } of all) {
      await gaps.announceInterrupted();
      expect(heard.splice(0)).toEqual([expect.objectContaining({ account, atMost: asked })]);
    }
    for (const { account, gaps } of all) expect([account, await gaps.count()]).toEqual([account, 1]);
    for (const { account, gaps, asked } of all) {
      await gaps.intend(asked);
      await pause(10);
      await gaps.announceInterrupted();
      expect([account, await gaps.count(), heard.splice(0).length]).toEqual([account, 2, 1]);
    }
  });

  it('keep their campaigns apart, whatever the account names and campaign ids are', async () => {
    const ids = ['c', 'c/open', 'c%2Fopen', '*', 'a:b', '..', 'حملة', 'c/'];
    const all = ACCOUNTS.map((account) => ({
      account,
      records: new CampaignRecords(bench.engine, new CampaignNames(account)),
    }));
    for (const { account, records } of all) {
      for (const id of ids) {
        const key = { id, run: `run of ${id.length}` };
        const facts = { ...key, digest: account, message: {} as never, concurrency: 1, startedAt: '' };
        await records.begin(facts);
      }
    }
    for (const { account, records } of all) {
      const open = await records.open();
      expect(open.map(({ id }) => id).sort()).toEqual([...ids].sort());
      expect(new Set(open.map(({ digest }) => digest))).toEqual(new Set([account]));
      for (const id of ids) expect((await records.findAll(id)).preparing.map((record) => record.id)).toEqual([id]);
    }
  });
}
