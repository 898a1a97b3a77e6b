import { printTable } from '../support/figures.mjs';

const MAX_OVER_FLOOR = 2;
const MAX_GROWTH_MB = 200;
const MAX_SPREAD = 1.25;
const MB = 1024 * 1024;

/** Says what was measured, and which targets are missed. */
export function report({ recipients, concurrency, beside, sizes }) {
  const requests = recipients / 500;
  console.log(
    `\nA campaign of ${recipients} recipients: ${requests} requests, ${concurrency} at a time, a store on the disk, Node ${process.version}`,
  );
  printTable(
    ['', 'floor, s', 'campaign, s', 'wall : floor', 'floor, CPU s', 'campaign, CPU s', 'RSS +MB', 'heap +MB'],
    beside.map(({ ms, floor, ours, memory }) => [
      ms === 0 ? `answers at once (${Math.round((requests / floor.ms) * 1000)}/s)` : `answers after ${ms} ms`,
      ...[seconds(floor.ms), seconds(ours.ms), (ours.ms / floor.ms).toFixed(2)],
      ...[seconds(floor.cpuMs), seconds(ours.cpuMs), megabytes(memory.rss), megabytes(memory.heap)],
    ]),
  );
  console.log('\nThe cost of a recipient by the size of the campaign, answers at once');
  printTable(
    ['recipients', 'campaigns', 'µs each', 'CPU µs each', 'ms a campaign'],
    sizes.map(({ size, campaigns, ms, cpuMs }) => [
      ...[size, campaigns, ((ms * 1000) / recipients).toFixed(2), ((cpuMs * 1000) / recipients).toFixed(2)],
      (ms / campaigns).toFixed(1),
    ]),
  );
  return judge(beside, sizes);
}

function judge(beside, sizes) {
  // At once, the floor is the price of a few thousand posts: there the campaign is the reading of its recipients.
  const { ms, floor, ours } = beside.at(-1);
  const overFloor = ours.ms / floor.ms;
  const growth = Math.max(...beside.map(({ memory }) => Math.max(memory.rss, memory.heap))) / MB;
  const costs = sizes.map(({ cpuMs }) => cpuMs);
  const spread = Math.max(...costs) / Math.min(...costs);
  const targets = [
    [
      overFloor <= MAX_OVER_FLOOR,
      `at most ${MAX_OVER_FLOOR} x the floor when an answer takes ${ms} ms (${overFloor.toFixed(2)} x)`,
    ],
    [growth < MAX_GROWTH_MB, `under ${MAX_GROWTH_MB} MB more memory (${Math.round(growth)} MB)`],
    [spread <= MAX_SPREAD, `the cost of a recipient within 25 % at every size (${spread.toFixed(2)} x, CPU)`],
  ];
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}

const seconds = (ms) => (ms / 1000).toFixed(2);
const megabytes = (bytes) => Math.round(bytes / MB);
