import { join } from 'node:path';
import { Child } from '../support/child.mjs';
import { median, megabytes, printTable } from '../support/figures.mjs';

const KINDS = ['untracked', 'tracked'];
const MAX_TIMES_UNTRACKED = 1.2;
const MAX_MORE_MB = 40;
const MILLION = 1_000_000;
const PLANS = {
  full: { recipients: MILLION, rounds: 3 },
  quick: { recipients: 50_000, rounds: 3 },
};

/** What it costs a campaign that its reports can be matched. */
export async function campaignsBench({ quick, directory }) {
  const { recipients, rounds } = quick ? PLANS.quick : PLANS.full;
  const gateway = new Child(new URL('../campaign/gateway.mjs', import.meta.url));
  const workers = [];
  try {
    const baseUrl = await gateway.hears();
    for (const kind of KINDS) {
      const args = [kind, baseUrl, join(directory, `campaigns-${kind}`)];
      const worker = new Child(new URL('./campaign-worker.mjs', import.meta.url), args);
      workers.push(worker);
      await worker.hears();
      await worker.ask({ recipients: recipients / 10 });
    }
    const samples = workers.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const i of workers.keys()) {
        const turn = (i + round) % workers.length;
        samples[turn].push(await workers[turn].ask({ recipients }));
      }
    }
    return report(samples, recipients);
  } finally {
    for (const worker of workers) await worker.end();
    await gateway.end();
  }
}

function report(samples, recipients) {
  const figures = samples.map((own) => ({
    ms: median(own.map(({ ms }) => ms)),
    cpuMs: median(own.map(({ cpuMs }) => cpuMs)),
    bytes: Math.min(...own.map(({ bytes }) => bytes)),
  }));
  const [untracked, tracked] = figures;
  console.log(`\na campaign of ${recipients} recipients that asks for reports, a gateway that answers at once`);
  printTable(
    ['', 'recipients/s', 'time : untracked', 'CPU ms', 'MB on the disk'],
    figures.map(({ ms, cpuMs, bytes }, i) => [
      KINDS[i],
      Math.round((recipients / ms) * 1_000),
      (ms / untracked.ms).toFixed(2),
      Math.round(cpuMs),
      megabytes(bytes),
    ]),
  );
  const ratio = tracked.ms / untracked.ms;
  const more = ((tracked.bytes - untracked.bytes) / recipients) * MILLION;
  return [
    [
      ratio <= MAX_TIMES_UNTRACKED,
      `a tracked campaign takes at most ${MAX_TIMES_UNTRACKED} x the time of an untracked one (${ratio.toFixed(2)} x)`,
    ],
    [
      more < MAX_MORE_MB * 1e6,
      `it takes less than ${MAX_MORE_MB} MB more on the disk for a million (${megabytes(more)} MB)`,
    ],
  ];
}
