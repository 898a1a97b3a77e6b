import { Turns } from '../../../.build/sending/turns.js';
import { median, printTable } from '../support/figures.mjs';

const MAX_US_A_CALL = 10;
const AT_ONCE = 64;

const request = () => Promise.resolve();
const LIMITERS = {
  'no limit': new Turns(),
  'a concurrency, nobody waits': new Turns({ concurrency: 1_000 }),
  'a concurrency, most wait': new Turns({ concurrency: 8 }),
  'requests a second, nobody waits': new Turns({ requestsPerSecond: 100_000_000 }),
};

async function inTurn(limiter) {
  const turn = await limiter.urgent.next();
  await request();
  turn.end();
}

/** What the limiter of an account costs a call, beside the same calls without it. */
export async function limiterBench({ quick }) {
  const calls = quick ? 50_000 : 500_000;
  const bare = await cost(calls, () => request());
  const rows = [];
  for (const [name, limiter] of Object.entries(LIMITERS)) {
    rows.push({ name, us: (await cost(calls, () => inTurn(limiter))) - bare });
  }
  console.log(`\nThe rate limiter, ${calls} calls, ${AT_ONCE} at once, Node ${process.version}`);
  printTable(
    ['', 'µs a call'],
    rows.map(({ name, us }) => [name, us.toFixed(2)]),
  );
  const worst = Math.max(...rows.map(({ us }) => us));
  const target = `under ${MAX_US_A_CALL} µs a call (${worst.toFixed(2)} µs at the most)`;
  console.log(`${worst < MAX_US_A_CALL ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: worst < MAX_US_A_CALL ? [] : [target] };
}

/** Microseconds a call, the median of some rounds. */
async function cost(calls, call) {
  const rounds = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    let made = 0;
    const work = async () => {
      while (made++ < calls) await call();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    rounds.push(((performance.now() - start) * 1_000) / calls);
  }
  return median(rounds);
}
