import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median } from '../support/figures.mjs';
import { report } from './report.mjs';
import { CONCURRENCY } from './the-campaign.mjs';

const PLANS = {
  full: { recipients: 1_000_000, rounds: 3, sizes: [1_000, 10_000, 100_000, 1_000_000] },
  quick: { recipients: 20_000, rounds: 1, sizes: [1_000, 20_000] },
};
/** How long the gateway takes for an answer: no time at all, and less than any real one needs for 500 messages, twice. */
const ANSWERS_AFTER_MS = [0, 5, 20];

/** A campaign from its first recipient to its report, with a store on the disk, beside requests that were prepared before. */
export async function campaignBench({ quick }) {
  const plan = quick ? PLANS.quick : PLANS.full;
  const gateway = new Child(new URL('./gateway.mjs', import.meta.url));
  const baseUrl = await gateway.hears();
  const path = await mkdtemp(join(tmpdir(), 'oursms-campaign-'));
  try {
    const beside = [];
    for (const ms of ANSWERS_AFTER_MS) {
      const url = ms === 0 ? baseUrl : `${baseUrl}/${ms}`;
      beside.push({ ms, ...(await compare(url, join(path, String(ms)), plan)) });
    }
    const sizes = await scale(baseUrl, join(path, 'sizes'), plan);
    return report({ ...plan, beside, sizes, concurrency: CONCURRENCY });
  } finally {
    await gateway.end();
    await rm(path, { recursive: true, force: true });
  }
}

/** The same recipients through both, in turn, each in a process of its own. */
async function compare(baseUrl, path, { recipients, rounds }) {
  const floor = await startWorker('undici-pool', baseUrl, path);
  const ours = await startWorker('campaigns', baseUrl, path);
  try {
    // Memory first: who looks at it takes time from what is timed next, in a process that is warm then.
    await floor.ask({ recipients });
    const { rss, heap } = await ours.ask({ recipients, isMemoryWatched: true });
    const [floors, campaigns] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      floors.push(await floor.ask({ recipients }));
      campaigns.push(await ours.ask({ recipients }));
    }
    return { floor: middle(floors), ours: middle(campaigns), memory: { rss, heap } };
  } finally {
    await ours.end();
    await floor.end();
  }
}

/** As many recipients for each size: many small campaigns one after the other, or one large one, in a warm process. */
async function scale(baseUrl, path, { recipients, rounds, sizes }) {
  const worker = await startWorker('campaigns', baseUrl, path);
  try {
    await worker.ask({ recipients: sizes[0], campaigns: Math.min(20, recipients / 10_000) });
    const samples = sizes.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const i of sizes.keys()) {
        const turn = (i + round) % sizes.length;
        samples[turn].push(await worker.ask({ recipients: sizes[turn], campaigns: recipients / sizes[turn] }));
      }
    }
    return sizes.map((size, i) => ({ size, campaigns: recipients / size, ...middle(samples[i]) }));
  } finally {
    await worker.end();
  }
}

async function startWorker(competitor, baseUrl, path) {
  const worker = new Child(new URL('./worker.mjs', import.meta.url), [competitor, baseUrl, path], ['--expose-gc']);
  await worker.hears();
  return worker;
}

const middle = (samples) => ({
  ms: median(samples.map(({ ms }) => ms)),
  cpuMs: median(samples.map(({ cpuMs }) => cpuMs)),
});
