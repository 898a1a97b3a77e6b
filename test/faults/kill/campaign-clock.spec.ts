import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { GatewaySimulator } from 'nestjs-oursms/testing';
import { DEMO } from '../../support/application.js';
import { normalized } from '../../support/campaign-bench.js';
import { CampaignProcess, type CampaignOrder } from './campaign-process.js';

jest.setTimeout(120_000);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const COUNT = 3_000;
const ORDER: CampaignOrder = {
  ...{ id: 'sale', body: 'Half price today', count: COUNT, texts: 0, from: 0 },
  ...{ concurrency: 2, sendsAgain: false },
};

/** What happens between the end of a process and the start of the next one. */
interface Meanwhile {
  passedMs: number;
  /** By how much the clock is set besides. */
  setByMs?: number;
  /** Whether the machine is started again. */
  isReboot?: boolean;
}

interface Outcome {
  /** How often the message reached recipients: the counts that occur. */
  reached: number[];
  unknown: string[];
  /** Those that were not reached. */
  never: string[];
}

/** Kills a guarded campaign with requests on the wire, and lets another process bring it to its end. */
async function killedAndResumed({ passedMs, setByMs = 0, isReboot = false }: Meanwhile): Promise<Outcome> {
  const requests = new EventEmitter();
  const gateway = await GatewaySimulator.start({
    accounts: [{ ...DEMO, credits: 1_000_000 }],
    onRequest: ({ call }) => void (call === 'send' && requests.emit('request')),
  });
  gateway.faults.chance('latency', 1, { ms: 60, on: 'send' });
  const path = await mkdtemp(join(tmpdir(), 'oursms-clock-'));
  const options = {
    ...{ baseUrl: gateway.url, auth: DEMO, storage: { path }, http: { timeoutMs: 300 } },
    retry: { unknownOutcome: 'guarded' as const, delayMs: 5 },
  };
  const settings = { options, order: ORDER, tellsAt: -1 };
  const processes: CampaignProcess[] = [];
  const signal = AbortSignal.timeout(60_000);
  try {
    const first = new CampaignProcess();
    processes.push(first);
    first.start(settings);
    for (let sent = 0; sent < 2; sent++) await once(requests, 'request', { signal });
    first.kill();
    await first.ended;
    gateway.clock.advance(passedMs);
    const second = new CampaignProcess(
      `./campaign-clock.mjs?passedMs=${passedMs}&setByMs=${setByMs}${isReboot ? '&boot=other' : ''}`,
    );
    processes.push(second);
    const done = second.told('done', signal);
    second.start(settings);
    const ended = second.ended.then((how) => Promise.reject(new Error(`it ended: ${how}`)));
    await Promise.race([done, ended]);
    const { unknown } = await Promise.race([second.lists(signal), ended]);
    ended.catch(() => undefined);
    const dests = Array.from({ length: COUNT }, (_, i) => normalized(i));
    const counts = dests.map((dest) => gateway.phone(dest).length);
    return { reached: [...new Set(counts)].sort(), unknown, never: dests.filter((_, i) => counts[i] === 0) };
  } finally {
    for (const one of processes) one.kill();
    await Promise.all(processes.map(({ ended }) => ended));
    await gateway.stop();
    await rm(path, { recursive: true });
  }
}

describe('a guarded campaign whose process is killed with requests in flight', () => {
  it.each<[string, Meanwhile]>([
    ['at once', { passedMs: 0 }],
    ['ten minutes later', { passedMs: 10 * MINUTE }],
    ['five hours later', { passedMs: 5 * HOUR }],
    ['after a reboot', { passedMs: 3 * MINUTE, isReboot: true }],
    ['with a clock that was corrected by some seconds', { passedMs: 2 * MINUTE, setByMs: -20_000 }],
  ])('reaches every recipient once when it is resumed %s', async (_when, meanwhile) => {
    expect(await killedAndResumed(meanwhile)).toEqual({ reached: [1], unknown: [], never: [] });
  });

  it.each<[string, Meanwhile]>([
    ['back by ten of the ten and a half minutes that passed', { passedMs: 10.5 * MINUTE, setByMs: -10 * MINUTE }],
    ['back by nearly two hours', { passedMs: 2 * HOUR, setByMs: -115 * MINUTE }],
    ['back to before the kill', { passedMs: MINUTE / 2, setByMs: -2 * HOUR }],
    ['forward by ten minutes', { passedMs: 5 * MINUTE, setByMs: 10 * MINUTE }],
    ['forward by hours', { passedMs: MINUTE, setByMs: 6 * HOUR }],
    ['back over a reboot', { passedMs: 10.5 * MINUTE, setByMs: -10 * MINUTE, isReboot: true }],
    ['forward over a reboot', { passedMs: MINUTE, setByMs: 3 * HOUR, isReboot: true }],
  ])(
    'reaches each recipient at most once when the clock is set %s, and lists those in doubt',
    async (_how, meanwhile) => {
      const { reached, unknown, never } = await killedAndResumed(meanwhile);
      expect(Math.max(...reached)).toBe(1);
      expect(unknown.length).toBeGreaterThan(0);
      expect(unknown.length).toBeLessThanOrEqual(2 * 500);
      expect(never.filter((dest) => !unknown.includes(dest))).toEqual([]);
    },
  );
});
