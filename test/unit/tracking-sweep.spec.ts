import { beforeEach, describe, expect, it } from '@jest/globals';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { keptReport } from '../../lib/tracking/kept-report.js';
import { newRecordId, type MessageRecord } from '../../lib/tracking/message-record.js';
import { missingIn } from '../../lib/tracking/missing-lately.js';
import type { MessageNotice } from '../../lib/tracking/message.types.js';
import { TrackingNames } from '../../lib/tracking/tracking-names.js';
import { TrackingStore } from '../../lib/tracking/tracking-store.js';
import { TrackingSweep } from '../../lib/tracking/tracking-sweep.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const POLICY = { missingAfterMs: DAY_MS, keepForMs: 7 * DAY_MS, maxRecords: 1_000 };
const checkLock = (): Promise<void> => Promise.resolve();

describe('the records of tracked messages', () => {
  let store: TrackingStore;
  let announced: MessageNotice[];

  beforeEach(() => {
    store = new TrackingStore(StoredEngine.inMemory(), new TrackingNames('default'));
    announced = [];
  });

  /** Keeps the record of a message that was accepted so long ago. */
  async function sent(reference: string, agoMs: number, { isAccepted = true } = {}): Promise<MessageRecord> {
    const at = Date.now() - agoMs;
    const dests = { hashes: [`hash-${reference}`], dests: ['9665******67'] };
    const record = { id: newRecordId(at), reference, at, by: 'this', src: 'MyBrand', dlr: true, parts: 1, ...dests };
    await store.add(record);
    const answered = { ...record, outcome: 'sent' as const, jobId: `job-${reference}`, msgIds: [`msg-${reference}`] };
    if (isAccepted) await store.update(answered);
    return isAccepted ? answered : record;
  }

  async function reported({ id }: MessageRecord, status: 'sent' | 'delivered'): Promise<void> {
    const dlr = { id: 'r', status, isFinal: true, receivedAt: new Date().toISOString(), via: 'poll' as const };
    const report = keptReport({ ...dlr, account: 'default', raw: {} }, 0, 0);
    await store.engine.note(store.names.report(id, 0, status), JSON.stringify(report));
  }

  const run = (policy: Partial<typeof POLICY> = {}): Promise<void> =>
    new TrackingSweep(store, { ...POLICY, ...policy }, (messages) => void announced.push(...messages)).run(checkLock);

  const lately = async (): Promise<number> => missingIn(await store.engine.read(store.names.missingLately));

  async function names(): Promise<string[]> {
    const found: string[] = [];
    for await (const { name } of store.engine.notes('')) found.push(name);
    return found;
  }

  it('leave nothing behind after their retention', async () => {
    await reported(await sent('old', 8 * DAY_MS), 'delivered');
    await sent('older', 9 * DAY_MS, { isAccepted: false });
    await sent('missing for long', 10 * DAY_MS);
    const before = await names();
    await run();
    expect(before.length).toBeGreaterThan(10);
    expect((await names()).filter((name) => !/missing-(until|lately)$/.test(name))).toEqual([]);
  });

  it('are kept and counted during their retention', async () => {
    await sent('old', 8 * DAY_MS);
    const young = await sent('young', 6 * DAY_MS);
    await run();
    expect(await store.records([young.id])).toEqual([young]);
    expect(await new TrackingSweep(store, POLICY, () => undefined).count()).toBe(1);
  });

  it('are announced once when they were accepted but have no final report in time', async () => {
    await sent('silent', 2 * DAY_MS);
    await reported(await sent('on its way', 2 * DAY_MS), 'sent');
    await reported(await sent('delivered', 2 * DAY_MS), 'delivered');
    await sent('unknown', 2 * DAY_MS, { isAccepted: false });
    await sent('young', HOUR_MS);
    await run();
    await run();
    expect(announced.map(({ reference }) => reference).sort()).toEqual(['on its way', 'silent']);
    expect(await lately()).toBe(2);
  });

  it('are counted once even if their announcement is repeated because its mark could not be written', async () => {
    await Promise.all(Array.from({ length: 1_001 }, (_, i) => sent(`silent ${i}`, 2 * DAY_MS)));
    const change = store.engine.change.bind(store.engine);
    let writes = 0;
    // Of each 500 the marks first, and how far it came when they are announced.
    store.engine.change = (changes) => (++writes === 4 ? Promise.reject(new Error('full')) : change(changes));
    await expect(run()).rejects.toThrow('full');
    expect([announced.length, await lately()]).toEqual([1_000, 500]);
    await run();
    expect([announced.length, await lately()]).toEqual([1_501, 1_001]);
  });

  it('are announced later when they were sent later', async () => {
    await sent('first', 3 * DAY_MS);
    await run();
    await sent('second', 2 * DAY_MS);
    await run();
    expect(announced.map(({ reference }) => reference)).toEqual(['first', 'second']);
  });

  it('are deleted oldest first when there are too many, in whole hours and parts of an hour', async () => {
    const all: MessageRecord[] = [];
    for (let i = 0; i < 10; i++) all.push(await sent(`m${i}`, (30 - Math.floor(i / 3)) * HOUR_MS - i));
    await run({ maxRecords: 4 });
    const left = await store.records(all.map(({ id }) => id));
    expect(left.map((record) => record?.reference)).toEqual([
      ...Array.from({ length: 6 }, () => undefined),
      ...['m6', 'm7', 'm8', 'm9'],
    ]);
    expect(await store.engine.read(store.names.dropped)).toBe('6');
    await run({ maxRecords: 3 });
    expect(await store.engine.read(store.names.dropped)).toBe('7');
  });

  it('are kept when another instance has taken over the sweep', async () => {
    const old = await sent('old', 8 * DAY_MS);
    const sweep = new TrackingSweep(store, { ...POLICY, missingAfterMs: 100 * DAY_MS }, () => undefined);
    await expect(sweep.run(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    expect((await store.records([old.id]))[0]?.reference).toBe('old');
  });
});
