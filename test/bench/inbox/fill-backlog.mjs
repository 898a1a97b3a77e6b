/** Fills the store of an account with reports that wait: each as a job of its own that is due tomorrow, or in pages. */
import { join } from 'node:path';
import { readDlrs } from '../../../.build/gateway/read-dlrs.js';
import { StoredEngine } from '../../../.build/queue/stored-engine.js';
import { PAGE, reportRow } from './reports.mjs';

const DAY_MS = 86_400_000;
/** As `http.maxResponseBytes`. */
const MAX_BYTES = 4 * 1024 * 1024;

const [path, kind, reports] = process.argv.slice(2);
const engine = await StoredEngine.inDirectory(join(path, 'default'));
const queue = engine.queue(`default/${kind}`);
for (let first = 0; first < Number(reports); first += PAGE) {
  const rows = Array.from({ length: PAGE }, (_, i) => reportRow(first + i));
  const receivedAt = new Date().toISOString();
  const page = { account: 'default', receivedAt, httpStatus: 200, text: JSON.stringify(rows), asked: PAGE };
  await queue.add(kind === 'pages' ? [{ id: `page ${first}`, data: page }] : await jobsOf(page));
}
await engine.close();
process.send('filled');
process.disconnect();

async function jobsOf(page) {
  const reason = 'Error: the database is away';
  const { dlrs } = await readDlrs(page, MAX_BYTES);
  return dlrs.map((dlr) => ({ id: dlr.id, data: { dlr, reason }, delayMs: DAY_MS, attempts: 1 }));
}
