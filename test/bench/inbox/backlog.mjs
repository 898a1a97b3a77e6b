import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, megabytes, printTable } from '../support/figures.mjs';
import { PAGE } from './reports.mjs';

const MAX_START_MS = 2_000;
const MAX_GROWTH_MB = 20;

/** What a start takes with many reports in the store, none of which can be handled yet. */
export async function backlogBench({ quick, baseUrl, directory }) {
  const reports = quick ? 50_000 : 1_000_000;
  const stores = [
    { name: 'an empty store' },
    { name: `${reports} reports that failed once`, kind: 'reports' },
    { name: `${reports / PAGE} pages of ${PAGE} reports`, kind: 'pages' },
  ];
  for (const [i, store] of stores.entries()) {
    store.path = join(directory, `backlog-${i}`);
    if (store.kind !== undefined) await filled(store.path, store.kind, reports);
    store.starts = [];
    for (let start = 0; start < (quick ? 1 : 5); start += 1) store.starts.push(await startOn(store.path, baseUrl));
    for (const figure of ['ms', 'heap', 'rss']) store[figure] = median(store.starts.map((start) => start[figure]));
  }
  return report(stores);
}

async function filled(path, kind, reports) {
  const child = new Child(new URL('./fill-backlog.mjs', import.meta.url), [path, kind, String(reports)]);
  await child.hears();
  await child.end();
}

async function startOn(path, baseUrl) {
  const child = new Child(new URL('./open-backlog.mjs', import.meta.url), [baseUrl, path], ['--expose-gc']);
  const figures = await child.hears();
  await child.end();
  return figures;
}

function report(stores) {
  const [empty, ...others] = stores;
  console.log('\nstart of an application, from the beginning of its initialisation');
  printTable(
    ['with', 'ms', 'heap MB', 'RSS MB'],
    stores.map(({ name, ms, heap, rss }) => [name, Math.round(ms), megabytes(heap), megabytes(rss)]),
  );
  return others.flatMap(({ name, ms, heap }) => {
    const growth = megabytes(heap - empty.heap);
    return [
      [ms < MAX_START_MS, `starts in less than ${MAX_START_MS} ms with ${name} (${Math.round(ms)} ms)`],
      [Number(growth) < MAX_GROWTH_MB, `needs less than ${MAX_GROWTH_MB} MB of heap more with ${name} (${growth} MB)`],
    ];
  });
}
