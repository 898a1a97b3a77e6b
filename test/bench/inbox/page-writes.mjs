/**
 * Times what no client can close: from the last byte of a download to its page being on the disk. Told how many reports wait
 * at the gateway, it takes them and answers with the milliseconds of each page, and how often the disk was waited for.
 */
import { channel } from 'node:diagnostics_channel';
import { open as openFile } from 'node:fs/promises';
import { join } from 'node:path';
import { interceptWrites } from '../../support/intercept-writes.mjs';
import { openInbox } from './competitors/through-the-inbox.mjs';

/** No other record is as long as a page. */
const PAGE_CHARACTERS = 10_000;

const [baseUrl, path] = process.argv.slice(2);
let times = [];
let bytes = 0;
let writes = 0;
let answered = 0;

channel('undici:request:trailers').subscribe(() => (answered = performance.now()));
interceptWrites(async (changes, write) => {
  const page = changes.find(({ value = '' }) => value.length > PAGE_CHARACTERS);
  writes += 1;
  const end = answered;
  await write(changes);
  if (page === undefined) return;
  times.push(performance.now() - end);
  bytes = page.value.length;
});
const { run, rest, close } = await openInbox(baseUrl, { path });

async function take(reports) {
  [times, writes] = [[], 0];
  await run(reports);
  await rest();
  return { times, writes };
}

/** What the disk takes by itself for as many bytes. */
async function writeBare(count) {
  const file = await openFile(join(path, 'bare'), 'a');
  const page = Buffer.alloc(bytes, 'x');
  const bare = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    await file.write(page);
    await file.datasync();
    bare.push(performance.now() - start);
  }
  await file.close();
  return { times: bare, writes: count };
}

process.on('message', async ({ reports, bare }) =>
  process.send(reports === undefined ? await writeBare(bare) : await take(reports)),
);
process.on('disconnect', close);
process.send('ready');
