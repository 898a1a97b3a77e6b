import { setTimeout as wait } from 'node:timers/promises';
import type { NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignKey, ChunkJob } from './campaign-record.js';
import { ChunkStore } from './chunk-store.js';
import { CampaignRecords } from './campaign-records.js';
import type { HeldLock } from '../../queue/exclusive-lock.js';

/** Notes that are forgotten by one write. */
const AT_ONCE = 200;
const LOOK_EVERY_MS = 10;

/** Deletes an interrupted start: its facts last. */
export async function eraseReading(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  await eraseRequests(engine, names, key);
  await new CampaignRecords(engine, names).forget(key);
  await engine.queue(names.queue(key)).release();
}

/**
 * Forgets a campaign that is over: its record last, so that what is cut short can be repeated.
 *
 * @param lock The lock on the end of campaigns of this id. Without it another process may have removed this one already, and the
 * names of its id belong to the next campaign.
 */
export async function eraseCampaign(
  engine: QueueEngine,
  names: CampaignNames,
  key: CampaignKey,
  lock: HeldLock,
): Promise<void> {
  await eraseRequests(engine, names, key);
  // What others may have written late.
  for (const prefix of [names.listsOf(key.id), names.openOf(key.id)]) {
    await forgetNotes(engine, names, key, prefix, lock);
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
      // Active ones too: jobs that are delivered when a consumer stops go back to those that wait.
      while ((await queue.pending()) > 0) await wait(LOOK_EVERY_MS);
    } finally {
      await consumer.stop();
    }
  }
  // Results first: of what is cut short here, nothing can be sent again without its recipients.
  await forgetJobs(engine, names, key);
  for (const list of ['result', 'chunk', 'invalid', 'duplicate', 'index', 'dlr'] as const) {
    await forgetNotes(engine, names, key, names.list(key, list));
  }
}

/** Forgets which requests the ids of the gateway stand for. */
async function forgetJobs(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  let changes: NoteChange[] = [{ name: names.tracked(key) }];
  for await (const { result } of new ChunkStore(engine, names, key).results()) {
    if (result.jobId === undefined || changes.push({ name: names.job(result.jobId) }) < AT_ONCE) continue;
    await engine.change(changes);
    changes = [];
  }
  await engine.change(changes);
}

async function forgetNotes(
  engine: QueueEngine,
  names: CampaignNames,
  key: CampaignKey,
  prefix: string,
  lock?: HeldLock,
): Promise<void> {
  const queue = engine.queue<ChunkJob>(names.queue(key));
  const forget = async (changes: NoteChange[]): Promise<void> => {
    await lock?.check();
    await queue.add([], changes);
  };
  let changes: NoteChange[] = [];
  for await (const { name } of engine.notes(prefix)) {
    if (changes.push({ name }) < AT_ONCE) continue;
    await forget(changes);
    changes = [];
  }
  if (changes.length > 0) await forget(changes);
}
