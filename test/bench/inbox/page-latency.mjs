import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, printTable } from '../support/figures.mjs';
import { PAGE } from './reports.mjs';

/** How long a download is nowhere but in memory, and how often a page waits for the disk. */
export async function pageLatencyBench({ quick, baseUrl, gateway, directory }) {
  const pages = quick ? 10 : 200;
  const child = new Child(new URL('./page-writes.mjs', import.meta.url), [baseUrl, join(directory, 'page-writes')]);
  const take = async (reports) => {
    await gateway.ask({ reports });
    return child.ask({ reports });
  };
  try {
    await child.hears();
    await take(5 * PAGE);
    // One report less than was asked for: no other download follows at once.
    const alone = [];
    for (let page = 0; page < pages; page += 1) alone.push(await take(PAGE - 1));
    const inARow = await take(pages * PAGE);
    const bare = await child.ask({ bare: pages });
    console.log('\nfrom the end of a download to its page on the disk');
    printTable(
      ['', 'median ms', 'p99 ms', 'writes/page'],
      [
        row('a page by itself', alone),
        row('a page among others', [inARow]),
        row('write and fdatasync of as many bytes', [bare]),
      ],
    );
    return [];
  } finally {
    await child.end();
  }
}

function row(name, samples) {
  const times = samples.flatMap((sample) => sample.times).sort((a, b) => a - b);
  const writes = samples.reduce((sum, sample) => sum + sample.writes, 0);
  const p99 = times[Math.ceil(times.length * 0.99) - 1];
  return [name, median(times).toFixed(2), p99.toFixed(2), (writes / times.length).toFixed(1)];
}
