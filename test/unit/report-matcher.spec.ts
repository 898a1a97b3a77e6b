import { describe, expect, it, jest } from '@jest/globals';
import type { Dlr } from '../../lib/dto/dlr.js';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { MessageCandidates } from '../../lib/tracking/message-candidates.js';
import { NumberHash } from '../../lib/tracking/number-hash.js';
import { ReportMatcher } from '../../lib/tracking/report-matcher.js';
import { SendsInFlight } from '../../lib/tracking/sends-in-flight.js';
import { recordOf } from '../../lib/tracking/tracked-send.js';
import { TrackingNames } from '../../lib/tracking/tracking-names.js';
import { TrackingStore } from '../../lib/tracking/tracking-store.js';

const DEST = '966501234567';
const MESSAGE = { src: 'MyBrand', dests: [DEST], body: 'News', dlr: true };

const reportOf = (row: Partial<Dlr>): Dlr => ({
  ...{ id: 'r1', dest: DEST, status: 'delivered', isFinal: true, via: 'poll' },
  ...{ receivedAt: new Date().toISOString(), account: 'default', raw: {} },
  ...row,
});

describe('a report of a number with very many messages', () => {
  it('is not matched with one of the newest if it may belong to an older one', async () => {
    const engine = StoredEngine.inMemory();
    const names = new TrackingNames('default');
    const store = new TrackingStore(engine, names);
    const [flights, hash] = [new SendsInFlight(), await NumberHash.of(engine, names)];
    const listener = { reported: () => undefined, matched: () => undefined };
    const candidates = new MessageCandidates(store, hash, flights, listener);
    /** @param jobId Unset: the outcome of its send is unknown. */
    const keep = async (reference: string, jobId?: string): Promise<void> => {
      const record = recordOf(MESSAGE, { reference, by: 'another process', hash });
      await store.add(record);
      await store.update({ ...record, outcome: jobId === undefined ? 'unknown' : 'sent', jobId });
      await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const match = async (): Promise<Dlr> => {
      const dlr = reportOf({ jobId: 'not known' });
      await new ReportMatcher([candidates], true).match([dlr]);
      return dlr;
    };
    await keep('one of unknown outcome');
    for (let i = 1; i < 100; i++) await keep(`order-${i}`, `job-${i}`);
    expect(await match()).toMatchObject({ matched: 'dest', reference: 'one of unknown outcome' });
    await keep('another of unknown outcome');
    expect(await match()).not.toHaveProperty('matched');
  });
});

describe('a report that comes while its message is in flight', () => {
  it('is matched by its id when the answer is stored between two reads', async () => {
    const engine = StoredEngine.inMemory();
    const names = new TrackingNames('default');
    const [store, flights, hash] = [
      new TrackingStore(engine, names),
      new SendsInFlight(),
      await NumberHash.of(engine, names),
    ];
    const listener = { reported: () => undefined, matched: () => undefined };
    const candidates = new MessageCandidates(store, hash, flights, listener);
    const [one, other] = ['one', 'other'].map((reference) => recordOf(MESSAGE, { reference, by: flights.by, hash }));
    if (one === undefined || other === undefined) throw new Error('no records');
    for (const record of [one, other]) {
      await store.add(record);
      flights.begin(record.id);
    }
    // Both are read as they were sent; then their answers are kept, before anything else happens.
    const read = engine.readMany.bind(engine);
    jest.spyOn(engine, 'readMany').mockImplementation(async (asked) => {
      const texts = await read(asked);
      if (!asked.includes(names.record(one.id)) || flights.of(one.id) === undefined) return texts;
      for (const record of [one, other]) {
        const answered = { ...record, outcome: 'sent' as const, msgIds: [`msg-${record.reference}`] };
        const storing = store.update(answered);
        flights.end(record.id, storing);
        await storing;
      }
      await flights.allStored();
      return texts;
    });
    const dlr = reportOf({ msgId: 'msg-one' });
    await new ReportMatcher([candidates], true).match([dlr]);
    expect(dlr).toMatchObject({ matched: 'msgId', reference: 'one' });
  });
});
