import { setTimeout as wait } from 'node:timers/promises';
import type { NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignKey, ChunkJob } from './campaign-record.js';
import { ChunkStore } from './chunk-store.js';
import { CampaignRecords } from './campaign-records.js';
import type { HeldLock } from '../../queue/exclusive-lock.js';

/** Notes that are deleted by one write. */
const AT_ONCE = 200;
const LOOK_EVERY_MS = 10;

/** Deletes an interrupted start. Its facts are deleted last, so that an interrupted deletion can be repeated. */
export async function eraseReading(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  await eraseRequests(engine, names, key);
  await new CampaignRecords(engine, names).forget(key);
  await engine.queue(names.queue(key)).release();
}

/**
 * Deletes a finished campaign. Its record is deleted last, so that an interrupted deletion can be repeated.
 *
 * @param lock The `end` lock of this id. Without it another process may have removed the campaign already, and the names of its id
 * may belong to the next one.
 */
export async function eraseCampaign(
  engine: QueueEngine,
  names: CampaignNames,
  key: CampaignKey,
  lock: HeldLock,
): Promise<void> {
  await eraseRequests(engine, names, key);
  // Notes that suspended processes have written late.
  for (const prefix of [names.listsOf(key.id), names.openOf(key.id)]) {
    await deleteNotes(engine, names, key, prefix, lock);
  }
  await lock.check();
  await engine.forget(names.over(key.id));
  await engine.queue(names.queue(key)).release();
}

async function eraseRequests(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  const queue = engine.queue<ChunkJob>(names.queue(key));
  if ((await queue.pending()) > 0) {
    const consumer = queue.consume(() => Promise.resolve({ kind: 'done' }), { concurrency: 100 });
    try {
      // Active ones too: jobs that are delivered when a consumer stops are put back.
      while ((await queue.pending()) > 0) await wait(LOOK_EVERY_MS);
    } finally {
      await consumer.stop();
    }
  }
  // Results first: `resolveUnknown` could queue a result again whose recipients are gone.
  await deleteJobs(engine, names, key);
  for (const list of ['result', 'chunk', 'invalid', 'duplicate', 'index', 'dlr'] as const) {
    await deleteNotes(engine, names, key, names.list(key, list));
  }
}

/** Deletes the look-up of requests by their ids of the gateway. */
async function deleteJobs(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  let changes: NoteChange[] = [{ name: names.tracked(key) }];
  for await (const { result } of new ChunkStore(engine, names, key).results()) {
    if (result.jobId === undefined || changes.push({ name: names.job(result.jobId) }) < AT_ONCE) continue;
    await engine.change(changes);
    changes = [];
  }
  await engine.change(changes);
}

async function deleteNotes(
  engine: QueueEngine,
  names: CampaignNames,
  key: CampaignKey,
  prefix: string,
  lock?: HeldLock,
): Promise<void> {
  const queue = engine.queue<ChunkJob>(names.queue(key));
  const deleteAll = async (changes: NoteChange[]): Promise<void> => {
    await lock?.check();
    await queue.add([], changes);
  };
  let changes: NoteChange[] = [];
  for await (const { name } of engine.notes(prefix)) {
    if (changes.push({ name }) < AT_ONCE) continue;
    await deleteAll(changes);
    changes = [];
  }
  if (changes.length > 0) await deleteAll(changes);
}
