import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Child } from '../support/child.mjs';
import { median } from '../support/figures.mjs';
import { BenchRedis, hasRedis } from '../support/redis.mjs';
import { report } from './report.mjs';

const PLANS = {
  full: { reports: 100_000, recipients: 1_000_000, rounds: 3, warmUp: 20_000, besideReports: 20_000 },
  quick: { reports: 5_000, recipients: 20_000, rounds: 1, warmUp: 500, besideReports: 1_000 },
};
const LOOK_MS = 5;

/** What several instances on one Redis do, beside one, beside one with a directory, and beside a job for each report. */
const COMPETITORS = [
  { name: 'one instance, Redis', file: 'module', instances: 1, hasRedis: true },
  { name: 'three instances, Redis', file: 'module', instances: 3, hasRedis: true },
  { name: 'one process, a directory', file: 'module', instances: 1 },
  { name: 'BullMQ, a job a report', file: 'job-a-report', instances: 1, hasRedis: true, isBeside: true },
];

/** Several instances on one Redis: reports from their download to their listener, and campaigns. */
export async function clusterBench({ quick }) {
  if (!hasRedis()) {
    console.log('\nLeft out: several instances on one Redis. That needs redis-server in the PATH.');
    return { missed: [] };
  }
  const plan = quick ? PLANS.quick : PLANS.full;
  const gateway = new Child(new URL('./gateway.mjs', import.meta.url));
  const baseUrl = await gateway.hears();
  try {
    const results = [];
    for (const competitor of COMPETITORS) results.push(await measure(competitor, { plan, gateway, baseUrl }));
    return report(plan, results);
  } finally {
    await gateway.end();
  }
}

async function measure(competitor, setting) {
  return inPlace(competitor, setting.baseUrl, async (workers, redis) => {
    const taken = await measureReports(competitor, workers, redis, setting);
    const sent = competitor.isBeside ? undefined : await measureCampaigns(workers, redis, setting);
    return { ...competitor, taken, sent };
  });
}

async function measureReports({ isBeside }, workers, redis, { plan, gateway }) {
  const { warmUp, rounds } = plan;
  const reports = isBeside ? plan.besideReports : plan.reports;
  await take(gateway, workers, warmUp);
  const samples = [];
  await redis?.begin();
  for (let round = 0; round < rounds; round += 1) samples.push(await take(gateway, workers, reports));
  const { commands, memory } = (await redis?.end()) ?? {};
  const of = (figure) => median(samples.map((sample) => sample[figure]));
  return {
    perSecond: (reports / of('ms')) * 1000,
    cpuMicros: (of('cpuMs') / reports) * 1000,
    commands: commands / (rounds * reports),
    memory,
  };
}

/** Started by one of them, and sent by all. */
async function measureCampaigns([first], redis, { plan: { recipients, rounds } }) {
  await first.ask({ kind: 'send', id: 'warm-up', recipients: recipients / 20 });
  const samples = [];
  await redis?.begin();
  for (let round = 0; round < rounds; round += 1) {
    samples.push((await first.ask({ kind: 'send', id: `campaign ${round}`, recipients })).ms);
  }
  const { commands, memory } = (await redis?.end()) ?? {};
  return { perSecond: (recipients / median(samples)) * 1000, commands: commands / (rounds * recipients), memory };
}

/** Instances on a Redis, or in a directory, of their own. */
async function inPlace({ file, instances, hasRedis: needsRedis }, baseUrl, run) {
  const path = await mkdtemp(join(tmpdir(), 'oursms-cluster-'));
  const redis = needsRedis ? await BenchRedis.start() : undefined;
  const settings = JSON.stringify(redis ? { connection: redis.connection } : { path });
  const url = new URL('./worker.mjs', import.meta.url);
  const workers = Array.from({ length: instances }, () => new Child(url, [file, baseUrl, settings]));
  try {
    for (const worker of workers) await worker.hears();
    return await run(workers, redis);
  } finally {
    for (const worker of workers) await worker.end();
    await redis?.stop();
    await rm(path, { recursive: true, force: true });
  }
}

/** Lets all of them take so many reports, from the first download to the last report that is handled. */
async function take(gateway, workers, reports) {
  await gateway.ask({ reports });
  for (const worker of workers) await worker.ask({ kind: 'begin' });
  for (let handled = 0; handled < reports;) {
    await wait(LOOK_MS);
    handled = 0;
    for (const worker of workers) handled += await worker.ask({ kind: 'handled' });
  }
  const ends = [];
  for (const worker of workers) ends.push(await worker.ask({ kind: 'end' }));
  const { firstAt } = await gateway.ask({});
  const handled = ends.reduce((sum, end) => sum + end.handled, 0);
  if (handled !== reports) throw new Error(`${handled} of ${reports} were handled`);
  return {
    ms: Math.max(...ends.map(({ lastAt }) => lastAt)) - firstAt,
    cpuMs: ends.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}
