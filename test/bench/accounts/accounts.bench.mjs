import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { megabytes, printTable } from '../support/figures.mjs';

const MAX_KB_AN_ACCOUNT = 100;
/** From the first step to the next, an account may take so many times as much. */
const MAX_GROWTH = 1.5;

/** What named accounts take in one application, and whether more of them take more each. */
export async function accountsBench({ quick }) {
  const counts = quick ? [1, 50, 100] : [1, 250, 1_000];
  const missed = [];
  for (const polls of [false, true]) {
    const taken = [];
    for (const count of counts) taken.push({ count, ...(await start(count, polls)) });
    console.log(`\nNamed accounts in one application, ${polls ? 'with' : 'without'} a poller, Node ${process.version}`);
    printTable(
      ['accounts', 'MB of heap', 'kB an account', 'MB in all (RSS)', 'ms to start'],
      taken.map(({ count, heapUsed, rss, ms }, i) => {
        const kB = i === 0 ? '' : kilobytesEach(taken[0], taken[i]).toFixed(1);
        return [count, megabytes(heapUsed), kB, megabytes(rss), ms.toFixed(0)];
      }),
    );
    const [one, some, many] = taken;
    const [first, next] = [kilobytesEach(one, some), kilobytesEach(some, many)];
    const targets = {
      [`under ${MAX_KB_AN_ACCOUNT} kB of heap an account`]: Math.max(first, next) < MAX_KB_AN_ACCOUNT,
      [`no more an account when there are more of them (${first.toFixed(1)}, then ${next.toFixed(1)} kB)`]:
        next < MAX_GROWTH * first,
    };
    for (const [target, isMet] of Object.entries(targets)) {
      console.log(`${isMet ? 'met   ' : 'MISSED'}  ${target}`);
      if (!isMet) missed.push(target);
    }
  }
  return { missed };
}

const kilobytesEach = (less, more) => (more.heapUsed - less.heapUsed) / 1_000 / (more.count - less.count);

async function start(count, polls) {
  const path = await mkdtemp(join(tmpdir(), 'oursms-accounts-'));
  const args = polls ? [String(count), path] : [String(count)];
  const child = new Child(new URL('./start-accounts.mjs', import.meta.url), args, ['--expose-gc']);
  try {
    return await child.hears();
  } finally {
    await child.end();
    await rm(path, { recursive: true });
  }
}
