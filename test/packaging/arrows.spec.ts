import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT, runOk } from '../support/packaging-run.js';

/** The folders of lib/ that each folder may import from. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  message: [],
  errors: [],
  telemetry: ['dto', 'errors'],
  dto: ['message'],
  gateway: ['message', 'dto', 'errors'],
  opentelemetry: ['telemetry', 'dto', 'errors'],
  inbox: ['queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  sending: ['gateway', 'telemetry', 'message', 'dto', 'errors'],
  tracking: ['queue', 'message', 'dto', 'errors'],
  campaigns: ['tracking', 'sending', 'queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  options: ['sending', 'queue', 'gateway', 'telemetry', 'message', 'dto', 'errors'],
  module: [
    'options',
    'campaigns',
    'inbox',
    'tracking',
    'sending',
    'queue',
    'gateway',
    'telemetry',
    'message',
    'dto',
    'errors',
  ],
  terminus: ['module', 'dto', 'errors'],
  queue: ['errors'],
  bullmq: ['queue', 'errors'],
};
const ROOMS = Object.keys(ARROWS);

interface Case {
  file: string;
  target: string;
}

const between = (open: boolean): Case[] =>
  ROOMS.flatMap((room) =>
    ROOMS.filter((other) => other !== room && ARROWS[room]?.includes(other) === open).map((other) => ({
      file: `lib/${room}/made-up.ts`,
      target: `../${other}/made-up.js`,
    })),
  );

const allowed: Case[] = [
  ...between(true),
  ...ROOMS.map((room) => ({ file: `lib/${room}/made-up.ts`, target: './other.js' })),
  { file: 'lib/testing/made-up.ts', target: '../module/oursms.module.js' },
  { file: 'lib/made-up.ts', target: './gateway/gateway-client.js' },
];
const forbidden: Case[] = [
  ...between(false),
  ...ROOMS.map((room) => ({ file: `lib/${room}/made-up.ts`, target: '../index.js' })),
  ...ROOMS.map((room) => ({ file: `lib/${room}/made-up.ts`, target: '../testing/index.js' })),
  { file: 'lib/message/deeper/made-up.ts', target: '../../gateway/gateway-client.js' },
];

describe('the lint rule for imports between folders of lib/', () => {
  const messages = new Map<Case, string[]>();

  beforeAll(async () => {
    const cases = [...allowed, ...forbidden];
    const probe = join(ROOT, 'test/packaging/probes/lint-imports.mjs');
    const { stdout } = await runOk(process.execPath, [probe], { input: JSON.stringify(cases) });
    const results = JSON.parse(stdout) as string[][];
    cases.forEach((one, i) => messages.set(one, results[i] ?? []));
  }, 60_000);

  it.each(allowed)('lets $file import $target', (one) => {
    expect(messages.get(one)).toEqual([]);
  });

  it.each(forbidden)('forbids $file to import $target', (one) => {
    expect(messages.get(one)).toEqual([expect.stringContaining('arrows run down only')]);
  });
});
