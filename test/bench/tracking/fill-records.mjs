/** Fills the store of an account with records of messages that were sent, as many as it is told. */
import { join } from 'node:path';
import { StoredEngine } from '../../../.build/queue/stored-engine.js';
import { NumberHash } from '../../../.build/tracking/number-hash.js';
import { recordOf, withOutcome } from '../../../.build/tracking/tracked-send.js';
import { TrackingNames } from '../../../.build/tracking/tracking-names.js';
import { TrackingStore } from '../../../.build/tracking/tracking-store.js';
import { messageOf } from './records.mjs';

const AT_ONCE = 1_000;

const [path, records, by] = process.argv.slice(2);
const engine = await StoredEngine.inDirectory(join(path, 'default'));
const names = new TrackingNames('default');
const store = new TrackingStore(engine, names);
const hash = await NumberHash.of(engine, names);

async function add(number) {
  const { message, reference, receipt } = messageOf(number, by);
  const record = recordOf(message, { reference, by: 'bench', hash });
  await store.add(record);
  await store.update(withOutcome(record, message.dests, { kind: 'sent', receipt }));
}

for (let first = 0; first < Number(records); first += AT_ONCE) {
  const count = Math.min(AT_ONCE, Number(records) - first);
  await Promise.all(Array.from({ length: count }, (_, i) => add(first + i)));
}
await engine.close();
process.send('filled');
process.disconnect();
