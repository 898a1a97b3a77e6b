import { setTimeout as wait } from 'node:timers/promises';
import type { NoteChange, QueueEngine } from '../../queue/durable-queue.js';
import type { CampaignNames } from './campaign-names.js';
import type { CampaignKey, ChunkJob } from './campaign-record.js';
import { CampaignRecords } from './campaign-records.js';

/** Notes that are forgotten by one write. */
const AT_ONCE = 200;
const LOOK_EVERY_MS = 10;

/** Forgets a reading of recipients that did not come to its end: what says that it is there last. */
export async function eraseReading(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  await eraseRequests(engine, names, key);
  await new CampaignRecords(engine, names).forget(key);
  await engine.queue(names.queue(key)).letGo();
}

/** Forgets a campaign that is over: its record last, so that what is cut short can be begun again. */
export async function eraseCampaign(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  await eraseRequests(engine, names, key);
  // What others may have written late.
  for (const prefix of [names.listsOf(key.id), names.openOf(key.id)]) await forgetNotes(engine, names, key, prefix);
  await engine.forget(names.over(key.id));
  await engine.queue(names.queue(key)).letGo();
}

async function eraseRequests(engine: QueueEngine, names: CampaignNames, key: CampaignKey): Promise<void> {
  const queue = engine.queue<ChunkJob>(names.queue(key));
  if ((await queue.pending()) > 0) {
    const consumer = queue.consume(() => Promise.resolve({ kind: 'done' }), { concurrency: 100 });
    try {
      // Active ones too: what is handed out when a consumer stops goes back to those that wait.
      while ((await queue.pending()) > 0) await wait(LOOK_EVERY_MS);
    } finally {
      await consumer.stop();
    }
  }
  for (const list of ['chunk', 'result', 'invalid', 'duplicate'] as const) {
    await forgetNotes(engine, names, key, names.list(key, list));
  }
}

async function forgetNotes(engine: QueueEngine, names: CampaignNames, key: CampaignKey, prefix: string): Promise<void> {
  const queue = engine.queue<ChunkJob>(names.queue(key));
  let changes: NoteChange[] = [];
  for await (const { name } of engine.notes(prefix)) {
    if (changes.push({ name }) < AT_ONCE) continue;
    await queue.add([], changes);
    changes = [];
  }
  if (changes.length > 0) await queue.add([], changes);
}
