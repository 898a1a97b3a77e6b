import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, megabytes, printTable } from '../support/figures.mjs';
import { PAGE } from './reports.mjs';

const STORED = 'embedded-store';
const PLAIN = 'plain-loop';
const NAMES = [STORED, 'memory', PLAIN];
const BARE = 'the gateway alone';
const MAX_TIMES_PLAIN = 2;
const MIN_PER_SECOND = 10_000;
/** Below this, the gateway would be what is measured. */
const MIN_TIMES_FASTER_GATEWAY = 2;
const MAX_GROWTH_MB = 50;

const PLANS = {
  full: { reports: 100_000, rounds: 7, warmUp: 50_000, many: 1_000_000 },
  quick: { reports: 5_000, rounds: 1, warmUp: 1_000, many: 20_000 },
};

/** Reports from their download to their listener: with a store, in memory, and by the loop that keeps nothing. */
export async function throughputBench({ quick, baseUrl, gateway, directory }) {
  const plan = quick ? PLANS.quick : PLANS.full;
  const start = async (file, name) => {
    const child = new Child(new URL(file, import.meta.url), [baseUrl, join(directory, name), name], ['--expose-gc']);
    await child.hears();
    return child;
  };
  const children = [];
  try {
    for (const name of NAMES) children.push(await start('./worker.mjs', name));
    children.push(await start('./bare-downloads.mjs', BARE));
    return reportSpeed(await measure(gateway, children, plan), plan);
  } finally {
    for (const child of children) await child.end();
  }
}

/** What one process with a store holds after many reports. */
export async function memoryBench({ quick, baseUrl, gateway, directory }) {
  const { reports, many } = quick ? PLANS.quick : PLANS.full;
  const args = [baseUrl, join(directory, 'memory-growth'), STORED];
  const child = new Child(new URL('./worker.mjs', import.meta.url), args, ['--expose-gc']);
  try {
    await child.hears();
    const first = await take(gateway, child, reports);
    const last = await take(gateway, child, many - reports);
    return reportMemory([reports, first], [many, last]);
  } finally {
    await child.end();
  }
}

async function take(gateway, child, reports) {
  await gateway.ask({ reports });
  return child.ask({ reports });
}

async function measure(gateway, children, { reports, rounds, warmUp }) {
  for (const child of children) await take(gateway, child, warmUp);
  const samples = children.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    // Each round starts with another one, so that no competitor always follows the same neighbour.
    for (const i of children.keys()) {
      const turn = (i + round) % children.length;
      samples[turn].push(await take(gateway, children[turn], reports));
    }
  }
  return samples;
}

function reportSpeed(samples, { reports }) {
  const of = Object.fromEntries(
    [...NAMES, BARE].map((name, i) => {
      const seconds = median(samples[i].map((sample) => sample.seconds));
      const cpu = median(samples[i].map((sample) => sample.cpuMicros));
      return [name, { ...samples[i].at(-1), seconds, cpu, perSecond: Math.round(reports / seconds) }];
    }),
  );
  const ratio = of[STORED].seconds / of[PLAIN].seconds;
  console.log(`\n${reports} reports, ${PAGE} a download, each with its listener, Node ${process.version}`);
  printTable(
    ['', 'reports/s', `time : ${PLAIN}`, 'CPU µs/report', 'heap MB', 'peak RSS MB'],
    NAMES.map((name) => {
      const { seconds, cpu, perSecond, heap, peak } = of[name];
      return [
        name,
        perSecond,
        (seconds / of[PLAIN].seconds).toFixed(2),
        cpu.toFixed(1),
        megabytes(heap),
        megabytes(peak),
      ];
    }),
  );
  console.log(`${BARE}, its answers dropped: ${of[BARE].perSecond} reports/s`);
  return [
    [ratio <= MAX_TIMES_PLAIN, `at most ${MAX_TIMES_PLAIN} x the time of ${PLAIN} (${ratio.toFixed(2)} x)`],
    [of[STORED].perSecond >= MIN_PER_SECOND, `at least ${MIN_PER_SECOND} reports a second (${of[STORED].perSecond})`],
    [
      of[BARE].perSecond >= MIN_TIMES_FASTER_GATEWAY * of[PLAIN].perSecond,
      `a gateway at least ${MIN_TIMES_FASTER_GATEWAY} x as fast as who asks it`,
    ],
  ];
}

function reportMemory(...samples) {
  console.log(`\nmemory of one process with a store`);
  printTable(
    ['after', 'heap MB', 'RSS MB', 'peak RSS MB'],
    samples.map(([reports, { heap, rss, peak }]) => [`${reports} reports`, ...[heap, rss, peak].map(megabytes)]),
  );
  const [[first, before], [last, after]] = samples;
  return ['heap', 'rss'].map((kind) => {
    const growth = megabytes(after[kind] - before[kind]);
    return [
      Number(growth) < MAX_GROWTH_MB,
      `${kind} grows by less than ${MAX_GROWTH_MB} MB from ${first} to ${last} reports (${growth} MB)`,
    ];
  });
}
