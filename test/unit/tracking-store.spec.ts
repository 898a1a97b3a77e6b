import { describe, expect, it } from '@jest/globals';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import type { KeptReport } from '../../lib/tracking/kept-report.js';
import { NumberHash } from '../../lib/tracking/number-hash.js';
import { recordOf } from '../../lib/tracking/tracked-send.js';
import { TrackingNames } from '../../lib/tracking/tracking-names.js';
import { TrackingStore } from '../../lib/tracking/tracking-store.js';

const REPORT: KeptReport = { index: 0, status: 'delivered', receivedAt: '2026-01-31T10:00:00.000Z', order: 0 };

async function openStore(): Promise<{ store: TrackingStore; hash: NumberHash }> {
  const engine = StoredEngine.inMemory();
  const names = new TrackingNames('default');
  return { store: new TrackingStore(engine, names), hash: await NumberHash.of(engine, names) };
}

const recordWith = (hash: NumberHash): ReturnType<typeof recordOf> =>
  recordOf(
    { src: 'MyBrand', dests: ['966501234567'], body: 'News', dlr: true },
    { reference: 'order-1', by: 'here', hash },
  );

describe('a report of a message', () => {
  it('is returned exactly once before, during and after its write', async () => {
    const { store, hash } = await openStore();
    const record = recordWith(hash);
    await store.add(record);
    const name = store.names.report(record.id, 0, 'delivered');
    const note = store.unsettled.add(record.id, name, REPORT);
    expect(await store.reports(record)).toEqual([REPORT]);
    const writing = store.engine.change([{ name, text: note.text() }]);
    expect(await store.reports(record)).toEqual([REPORT]);
    await writing;
    expect(await store.reports(record)).toEqual([REPORT]);
    note.written?.();
    expect(await store.reports(record)).toEqual([REPORT]);
  });

  it('is deleted with its message, even while it is being written', async () => {
    const { store, hash } = await openStore();
    const record = recordWith(hash);
    await store.add(record);
    const name = store.names.report(record.id, 0, 'delivered');
    const note = store.unsettled.add(record.id, name, REPORT);
    const writing = store.engine.change([{ name, text: note.text() }]);
    await store.strip(record);
    await writing;
    expect(await store.idsUnder(store.names.reports)).toEqual([]);
    expect(await store.reports(record)).toEqual([]);
  });

  it('is not written when its message was deleted first', async () => {
    const { store, hash } = await openStore();
    const record = recordWith(hash);
    await store.add(record);
    const note = store.unsettled.add(record.id, store.names.report(record.id, 0, 'delivered'), REPORT);
    await store.remove(record);
    expect(note.text()).toBeUndefined();
  });
});
