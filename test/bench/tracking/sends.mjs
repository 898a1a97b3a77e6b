import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, printTable } from '../support/figures.mjs';
import { CONCURRENCY } from '../send/the-message.mjs';

const KINDS = ['untracked', 'tracked'];
const MAX_CPU_OVER_UNTRACKED = 1.3;
// As many messages for each, not as many seconds: the code of one that waits for the disk would be compiled later.
const PLANS = {
  full: { warmUp: 20_000, rounds: 9, messages: 3_000 },
  quick: { warmUp: 2_000, rounds: 3, messages: 500 },
};

/** What the record of a message costs its send. */
export async function sendsBench({ quick, baseUrl, directory }) {
  const { warmUp, rounds, messages } = quick ? PLANS.quick : PLANS.full;
  const workers = [];
  try {
    for (const kind of KINDS) {
      const args = [kind, baseUrl, join(directory, `sends-${kind}`)];
      const worker = new Child(new URL('./send-worker.mjs', import.meta.url), args);
      workers.push(worker);
      await worker.hears();
      await worker.ask({ messages: warmUp });
    }
    const samples = workers.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      // Each round starts with the other one, so that none always follows.
      for (const i of workers.keys()) {
        const turn = (i + round) % workers.length;
        samples[turn].push(await workers[turn].ask({ messages }));
      }
    }
    return report(samples);
  } finally {
    for (const worker of workers) await worker.end();
  }
}

function report(samples) {
  const figures = samples.map((own) =>
    Object.fromEntries(
      ['perSecond', 'cpuMicros', 'userMicros'].map((name) => [name, median(own.map((one) => one[name]))]),
    ),
  );
  const [untracked, tracked] = figures;
  console.log(`\nsend() with a durable record before the request, ${CONCURRENCY} at a time, Node ${process.version}`);
  printTable(
    ['', 'requests/s', 'CPU µs/request', 'of it in user mode', 'CPU : untracked'],
    figures.map(({ perSecond, cpuMicros, userMicros }, i) => [
      KINDS[i],
      Math.round(perSecond),
      cpuMicros.toFixed(1),
      userMicros.toFixed(1),
      (cpuMicros / untracked.cpuMicros).toFixed(2),
    ]),
  );
  // The system's part is the fsync, which sends share.
  const ratio = tracked.userMicros / untracked.userMicros;
  return [
    [
      ratio <= MAX_CPU_OVER_UNTRACKED,
      `a tracked send takes at most ${MAX_CPU_OVER_UNTRACKED} x the CPU in user mode of an untracked one (${ratio.toFixed(2)} x)`,
    ],
  ];
}
