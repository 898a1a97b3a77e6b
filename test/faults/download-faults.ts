import { afterEach, beforeEach } from '@jest/globals';
import type { DlrGap, UnreadableDlrs } from 'nestjs-oursms';
import type { FaultKind } from 'nestjs-oursms/testing';
import { InboxBench } from '../support/inbox-bench.js';

export const ASKED = 20;
export const REPORTS = 8;
const OPTIONS = {
  dlr: { poll: { everyMs: 20, count: ASKED }, retryDelayMs: 10 },
  http: { timeoutMs: 1_000, maxResponseBytes: 65_536 },
};

interface Expected {
  parameters?: Record<string, unknown>;
  /** Whether the gateway has deleted the reports; then what is lost of them. */
  lost: 'nothing' | 'some' | 'all';
  /** What is announced. A gap without a loss is one that could not be told from one with it. */
  told: readonly ('gap' | 'unreadable')[];
  /** Whether it counts as a failed poll, after which the next one is put off. */
  fails: boolean;
}

/** Every fault there is, and `processed` of the one that can be either. */
export const FAULTS: Record<FaultKind | 'serverError, processed', Expected> = {
  latency: { parameters: { ms: 50 }, lost: 'nothing', told: [], fails: false },
  envelope: { parameters: { envelope: 'items' }, lost: 'nothing', told: [], fails: false },
  // A gateway without reports may well answer with nothing at all, so that passes for "no reports".
  empty: { lost: 'all', told: [], fails: false },
  errorIn200: { lost: 'nothing', told: [], fails: true },
  rateLimit: { parameters: { retryAfter: 0 }, lost: 'nothing', told: [], fails: true },
  html: { lost: 'nothing', told: ['unreadable'], fails: true },
  resetBefore: { lost: 'nothing', told: ['gap'], fails: true },
  serverError: { lost: 'nothing', told: ['gap'], fails: true },
  unavailable: { lost: 'nothing', told: ['gap'], fails: true },
  redirect: { parameters: { location: '/elsewhere' }, lost: 'nothing', told: ['gap'], fails: true },
  'serverError, processed': { parameters: { processed: true }, lost: 'all', told: ['gap'], fails: true },
  resetAfter: { lost: 'all', told: ['gap'], fails: true },
  hang: { lost: 'all', told: ['gap'], fails: true },
  garbage: { lost: 'all', told: ['unreadable'], fails: true },
  huge: { parameters: { bytes: 1_000_000 }, lost: 'all', told: ['gap', 'unreadable'], fails: true },
  halfClosed: { lost: 'some', told: ['gap', 'unreadable'], fails: true },
  slowBody: { parameters: { bytes: 4, everyMs: 20 }, lost: 'some', told: ['gap', 'unreadable'], fails: true },
};

export let inbox: InboxBench;
export let gaps: DlrGap[];
export let unreadable: UnreadableDlrs[];
beforeEach(() => {
  inbox = new InboxBench();
  gaps = [];
  unreadable = [];
});
afterEach(() => inbox.remove());

export const start = (): Promise<InboxBench> =>
  inbox.start(OPTIONS, undefined, { 'oursms.dlr.gap': gaps, 'oursms.dlr.unreadable': unreadable });

/** Plays a fault on the next downloads. */
export function play(name: string, times: number): void {
  const [kind] = name.split(',') as ['hang'];
  const { parameters } = FAULTS[name as FaultKind];
  inbox.gateway.faults.next(kind, { ...parameters, times, on: 'dlrs' });
}
