import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Pool } from 'undici';
import { Child } from '../support/child.mjs';
import { median, printTable } from '../support/figures.mjs';
import { PATH, pushBody, SECRET } from './pushes.mjs';

const MAX_MEDIAN_MS = 20;
const PER_SECOND = 2_000;
/** Reports that may wait for their listener when the last push was answered: those of this long. */
const MAX_BEHIND_MS = 500;
const TICK_MS = 5;
const CONNECTIONS = 32;
const PLANS = {
  full: { large: 200, seconds: 10, many: 20_000, warmUp: 4_000 },
  quick: { large: 20, seconds: 1, many: 1_000, warmUp: 200 },
};

/** Pushes to the webhook, and to a bare Nest controller that stores nothing: their answers, and that reports are kept up with. */
export async function webhookBench({ quick }) {
  const plan = quick ? PLANS.quick : PLANS.full;
  const directory = await mkdtemp(join(tmpdir(), 'oursms-bench-'));
  const servers = [];
  const targets = [];
  try {
    for (const name of ['webhook', 'bare']) servers.push(await Server.start(name, join(directory, name)));
    for (const server of servers) await server.pushMany(plan.warmUp);
    targets.push(...(await largePushes(servers, plan)));
    targets.push(...(await steadyPushes(servers, plan)));
    await fastPushes(servers, plan);
  } finally {
    for (const server of servers) await server.end();
    await rm(directory, { recursive: true, force: true });
  }
  for (const [met, target] of targets) console.log(`${met ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: targets.filter(([met]) => !met).map(([, target]) => target) };
}

class Server {
  #child;
  #pool;

  static async start(name, path) {
    const server = new Server();
    server.name = name === 'bare' ? 'a bare controller' : 'the webhook';
    server.#child = new Child(new URL('./server.mjs', import.meta.url), [name, path]);
    server.#pool = new Pool(await server.#child.hears(), { connections: CONNECTIONS });
    return server;
  }

  /** Milliseconds until the answer. */
  async push(body) {
    const headers = { 'content-type': 'application/json' };
    const start = performance.now();
    const answer = await this.#pool.request({ method: 'POST', path: `/${PATH}/${SECRET}`, headers, body });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`${this.name} answered ${answer.statusCode}`);
    return performance.now() - start;
  }

  /** Pushes of one report, as fast as they are answered. */
  async pushMany(count) {
    let left = count;
    const lane = async () => {
      while (left-- > 0) await this.push(pushBody(1));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    return this.handled(count);
  }

  /** Resolves when so many more reports were handled. */
  handled(reports) {
    return this.#child.ask({ reports });
  }

  async end() {
    await this.#pool.close();
    await this.#child.end();
  }
}

async function largePushes(servers, { large }) {
  const times = servers.map(() => []);
  for (let i = 0; i < large; i += 1) {
    for (const [at, server] of servers.entries()) {
      times[at].push(await server.push(pushBody(500)));
      await server.handled(500);
    }
  }
  const medians = times.map(median);
  console.log(`\n${large} pushes of 500 reports, one at a time, Node ${process.version}`);
  printTable(
    ['', 'median ms', 'p99 ms', 'x bare'],
    servers.map(({ name }, at) => [name, ms(medians[at]), ms(p99(times[at])), ratio(medians[at], medians[1])]),
  );
  return [
    [
      medians[0] < MAX_MEDIAN_MS,
      `a push of 500 reports is answered in less than ${MAX_MEDIAN_MS} ms (${ms(medians[0])} ms)`,
    ],
  ];
}

/** As many a second as the target says, whether they are answered or not. */
async function steadyPushes(servers, { seconds }) {
  const rows = [];
  for (const server of servers) {
    const pushes = [];
    await server.handled(0);
    const start = performance.now();
    for (let due = 0; due < PER_SECOND * seconds; due = pushes.length) {
      const now = Math.min(Math.ceil((performance.now() - start) * (PER_SECOND / 1000)), PER_SECOND * seconds);
      while (pushes.length < now) pushes.push(server.push(pushBody(1)));
      await wait(TICK_MS);
    }
    const times = await Promise.all(pushes);
    const answered = performance.now();
    const { cpuMicros } = await server.handled(pushes.length);
    const behindMs = performance.now() - answered;
    const perSecond = Math.round((pushes.length * 1000) / (answered - start));
    rows.push({ name: server.name, times, perSecond, behindMs, cpu: cpuMicros / pushes.length });
  }
  console.log(`\n${PER_SECOND} pushes of one report a second for ${seconds} s`);
  printTable(
    ['', 'answered/s', 'median ms', 'p99 ms', 'handled after ms', 'CPU µs/push'],
    rows.map(({ name, times, perSecond, behindMs, cpu }) => [
      ...[name, perSecond, ms(median(times)), ms(p99(times))],
      ...[Math.round(behindMs), Math.round(cpu)],
    ]),
  );
  const [{ perSecond, behindMs }] = rows;
  return [
    [perSecond >= 0.97 * PER_SECOND, `answers ${PER_SECOND} pushes a second (${perSecond})`],
    [
      behindMs < MAX_BEHIND_MS,
      `has handled them ${MAX_BEHIND_MS} ms after the last answer (${Math.round(behindMs)} ms)`,
    ],
  ];
}

async function fastPushes(servers, { many }) {
  const rows = [];
  for (const server of servers) {
    const start = performance.now();
    const { cpuMicros } = await server.pushMany(many);
    const seconds = (performance.now() - start) / 1000;
    rows.push({ name: server.name, perSecond: Math.round(many / seconds), cpu: cpuMicros / many });
  }
  console.log(
    `\n${many} pushes of one report from ${CONNECTIONS} connections, as fast as they are answered, all handled`,
  );
  printTable(
    ['', 'pushes/s', 'CPU µs/push', 'x bare'],
    rows.map(({ name, perSecond, cpu }) => [name, perSecond, Math.round(cpu), ratio(rows[1].perSecond, perSecond)]),
  );
}

const ms = (value) => value.toFixed(2);
const ratio = (value, of) => (value / of).toFixed(2);
const p99 = (times) => [...times].sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1];
