import { Child } from '../support/child.mjs';
import { median, printTable } from '../support/figures.mjs';
import { CONCURRENCY } from './the-message.mjs';

const OURS = 'oursms';
const FLOOR = 'undici-pool';
const RIVALS = ['axios', 'twilio'];
const MAX_CPU_OVER_FLOOR = 2.5;
const MAX_TELEMETRY_PERCENT = 1;

const PLANS = {
  full: { warmUpMs: 2_000, rounds: 9, roundMs: 1_000, silentSends: 5_000_000 },
  quick: { warmUpMs: 200, rounds: 1, roundMs: 200, silentSends: 200_000 },
};

/**
 * Requests per second and CPU per request of `send()` beside the bare HTTP clients and another gateway's client, and the share of its
 * CPU that goes into telemetry which records nothing.
 */
export async function sendBench({ quick }) {
  const plan = quick ? PLANS.quick : PLANS.full;
  const names = [OURS, FLOOR, ...RIVALS];
  const server = new Child(new URL('./server.mjs', import.meta.url));
  const baseUrl = await server.hears();
  const workers = [];
  try {
    for (const name of names) {
      const worker = new Child(new URL('./worker.mjs', import.meta.url), [name, baseUrl]);
      workers.push(worker);
      await worker.hears();
    }
    const silent = new Child(new URL('./silent-port.mjs', import.meta.url), [baseUrl]);
    workers.push(silent);
    await silent.hears();
    const figures = await measure(workers.slice(0, -1), plan);
    return report(names, figures, await measureSilent(silent, plan));
  } finally {
    for (const worker of workers) await worker.end();
    await server.end();
  }
}

async function measure(workers, { warmUpMs, rounds, roundMs }) {
  for (const worker of workers) await worker.ask({ forMs: warmUpMs });
  const samples = workers.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    // Each round starts with another one, so that no competitor always follows the same neighbour.
    for (const i of workers.keys()) {
      const turn = (i + round) % workers.length;
      samples[turn].push(await workers[turn].ask({ forMs: roundMs }));
    }
  }
  return samples.map((own) => ({
    perSecond: median(own.map(({ perSecond }) => perSecond)),
    cpuMicros: median(own.map(({ cpuMicros }) => cpuMicros)),
  }));
}

/** CPU microseconds that the calls of one send take of telemetry that records nothing. */
async function measureSilent(worker, { rounds, silentSends }) {
  const samples = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await worker.ask({ sends: silentSends }));
  return median(samples);
}

function report(names, figures, silentMicros) {
  const of = Object.fromEntries(names.map((name, i) => [name, figures[i]]));
  console.log(`\nsend(): one recipient, ${CONCURRENCY} at a time, loopback, Node ${process.version}`);
  printTable(
    ['', 'requests/s', 'CPU µs/request', `CPU : ${FLOOR}`, `CPU : ${OURS}`],
    names.map((name) => [
      name,
      Math.round(of[name].perSecond),
      of[name].cpuMicros.toFixed(1),
      (of[name].cpuMicros / of[FLOOR].cpuMicros).toFixed(2),
      (of[name].cpuMicros / of[OURS].cpuMicros).toFixed(2),
    ]),
  );
  const percent = (silentMicros / of[OURS].cpuMicros) * 100;
  console.log(`telemetry that records nothing: ${(silentMicros * 1_000).toFixed(1)} ns of CPU a send`);
  const ratio = of[OURS].cpuMicros / of[FLOOR].cpuMicros;
  const targets = [
    [ratio <= MAX_CPU_OVER_FLOOR, `at most ${MAX_CPU_OVER_FLOOR} x the CPU of ${FLOOR} (${ratio.toFixed(2)} x)`],
    [
      percent < MAX_TELEMETRY_PERCENT,
      `telemetry that records nothing under 1 % of the CPU of ${OURS} (${percent.toFixed(3)} %)`,
    ],
    ...RIVALS.map((rival) => [
      of[OURS].cpuMicros < of[rival].cpuMicros && of[OURS].perSecond > of[rival].perSecond,
      `ahead of ${rival} in CPU and in requests per second`,
    ]),
  ];
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}
