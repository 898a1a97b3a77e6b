import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, megabytes, printTable } from '../support/figures.mjs';

const MAX_TIMES_UNTRACKED = 1.3;
const MAX_GROWTH_MB = 50;
const PLANS = {
  full: { reports: 100_000, rounds: 5, warmUp: 20_000, records: 10_000_000 },
  quick: { reports: 10_000, rounds: 3, warmUp: 2_000, records: 100_000 },
};
const LINES = [
  { name: 'untracked', kind: 'untracked', by: 'msgId' },
  { name: 'matched by msgId', kind: 'tracked', by: 'msgId' },
  { name: 'matched by job and recipient', kind: 'tracked', by: 'job' },
];

/** Reports from their download to their listener, each with its message found. */
export async function matchesBench({ quick, baseUrl, gateway, directory }) {
  const { reports, rounds, warmUp } = quick ? PLANS.quick : PLANS.full;
  const workers = [];
  try {
    for (const [i, line] of LINES.entries()) {
      const path = join(directory, `matches-${i}`);
      if (line.kind === 'tracked') await filled(path, warmUp + reports * rounds, line.by);
      workers.push(await start(line.kind, baseUrl, path));
    }
    const samples = workers.map(() => []);
    for (let round = -1; round < rounds; round += 1) {
      for (const i of workers.keys()) {
        const turn = (i + round + workers.length) % workers.length;
        const [from, count] = round < 0 ? [0, warmUp] : [warmUp + round * reports, reports];
        const sample = await take(gateway, workers[turn], count, from, LINES[turn]);
        if (round >= 0) samples[turn].push(sample);
      }
    }
    return reportSpeed(samples, reports);
  } finally {
    for (const worker of workers) await worker.end();
  }
}

/** What a process holds beside few records and beside very many. */
export async function recordsBench({ quick, baseUrl, gateway, directory }) {
  const { reports, warmUp, records } = quick ? PLANS.quick : PLANS.full;
  const figures = [];
  for (const [i, count] of [reports + warmUp, records].entries()) {
    const path = join(directory, `records-${i}`);
    await filled(path, count);
    const worker = await start('tracked', baseUrl, path);
    try {
      const step = Math.floor(count / (reports + warmUp));
      await take(gateway, worker, warmUp, 0, LINES[1]);
      figures.push([count, await take(gateway, worker, reports, (step - 1) * reports + warmUp, LINES[1])]);
    } finally {
      await worker.end();
    }
  }
  return reportMemory(figures, reports);
}

async function filled(path, records, by = 'msgId') {
  const child = new Child(new URL('./fill-records.mjs', import.meta.url), [path, String(records), by]);
  await child.hears();
  await child.end();
}

async function start(kind, baseUrl, path) {
  const worker = new Child(new URL('./match-worker.mjs', import.meta.url), [kind, baseUrl, path], ['--expose-gc']);
  await worker.hears();
  return worker;
}

async function take(gateway, worker, reports, from, { kind, by }) {
  await gateway.ask({ reports, from, by });
  const sample = await worker.ask({ reports });
  if (kind === 'tracked' && sample.matched !== reports) throw new Error(`${sample.matched} of ${reports} were matched`);
  return sample;
}

function reportSpeed(samples, reports) {
  const figures = samples.map((own) => ({
    seconds: median(own.map(({ seconds }) => seconds)),
    cpu: median(own.map(({ cpuMicros }) => cpuMicros)),
  }));
  const [untracked] = figures;
  console.log(`\n${reports} reports, each with its listener and its message, Node ${process.version}`);
  printTable(
    ['', 'reports/s', 'time : untracked', 'CPU µs/report'],
    figures.map(({ seconds, cpu }, i) => [
      LINES[i].name,
      Math.round(reports / seconds),
      (seconds / untracked.seconds).toFixed(2),
      cpu.toFixed(1),
    ]),
  );
  return figures.slice(1).map(({ seconds }, i) => {
    const ratio = seconds / untracked.seconds;
    const name = LINES[i + 1].name;
    return [
      ratio <= MAX_TIMES_UNTRACKED,
      `reports ${name} take at most ${MAX_TIMES_UNTRACKED} x the time of the untracked inbox (${ratio.toFixed(2)} x)`,
    ];
  });
}

function reportMemory(figures, reports) {
  console.log(`\nmemory of one process after ${reports} reports`);
  printTable(
    ['with', 'reports/s', 'heap MB', 'RSS MB', 'of it no files, MB', 'peak RSS MB'],
    figures.map(([records, { seconds, heap, rss, own, peak }]) => [
      `${records} records`,
      Math.round(reports / seconds),
      ...[heap, rss, own, peak].map(megabytes),
    ]),
  );
  const [[few, before], [many, after]] = figures;
  const kinds = { heap: 'heap', own: 'resident memory besides mapped files' };
  return Object.entries(kinds).map(([kind, name]) => {
    const growth = megabytes(after[kind] - before[kind]);
    return [
      Number(growth) < MAX_GROWTH_MB,
      `${name} grows by less than ${MAX_GROWTH_MB} MB from ${few} to ${many} records (${growth} MB)`,
    ];
  });
}
