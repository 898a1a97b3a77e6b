import { printTable } from '../support/figures.mjs';

const MAX_OVER_FLOOR = 2;
const MAX_GROWTH_MB = 200;
const MAX_SPREAD = 1.25;
/** Below that, what a campaign costs by itself counts: six durable writes, a look at the balance. */
const FEW = 10_000;
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
  const [few, more] = sizes;
  const one = (more.cpuMs / more.campaigns - few.cpuMs / few.campaigns) / (more.size - few.size);
  console.log(`A campaign by itself: ${(few.cpuMs / few.campaigns - one * few.size).toFixed(1)} ms of CPU`);
  return judge(beside, sizes);
}

function judge(beside, sizes) {
  const growth = Math.max(...beside.map(({ memory }) => Math.max(memory.rss, memory.heap))) / MB;
  const whole = sizes.filter(({ size }) => size >= FEW);
  const [each, further] = [spread(whole.map(({ cpuMs }) => cpuMs)), spread(furtherCosts(sizes))];
  const targets = [
    // At once, the floor is the price of a few thousand posts: there the campaign is the reading of its recipients.
    ...beside
      .filter(({ ms }) => ms > 0)
      .map(({ ms, floor, ours }) => [
        ours.ms / floor.ms <= MAX_OVER_FLOOR,
        `at most ${MAX_OVER_FLOOR} x the floor when an answer takes ${ms} ms (${(ours.ms / floor.ms).toFixed(2)} x)`,
      ]),
    [growth < MAX_GROWTH_MB, `under ${MAX_GROWTH_MB} MB more memory (${Math.round(growth)} MB)`],
    [each <= MAX_SPREAD, `a recipient costs the same from ${FEW} of them on, within 25 % (${each.toFixed(2)} x, CPU)`],
    [further <= MAX_SPREAD, `each further recipient costs the same, within 25 % (${further.toFixed(2)} x, CPU)`],
  ];
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}

/** What the recipients cost by which a campaign is larger than the next smaller one: what a campaign costs by itself is left out. */
function furtherCosts(sizes) {
  const one = sizes.map(({ size, campaigns, cpuMs }) => ({ size, cpuMs: cpuMs / campaigns }));
  return one.slice(1).map(({ size, cpuMs }, i) => (cpuMs - one[i].cpuMs) / (size - one[i].size));
}

const spread = (costs) => Math.max(...costs) / Math.min(...costs);
const seconds = (ms) => (ms / 1000).toFixed(2);
const megabytes = (bytes) => Math.round(bytes / MB);
