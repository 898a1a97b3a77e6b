import { join } from 'node:path';
import type { Life } from '../account-for.js';
import type { InstanceSettings } from './instance.js';

/** Settings of an instance. */
export interface InstancePlan {
  place: number;
  life: Life;
  folder: string;
  leaseMs: number;
  unknownOutcome: 'never' | 'guarded';
  hasSpool?: boolean;
  timeoutMs?: number;
  /** Milliseconds between polls. Default: hardly any. */
  everyMs?: number;
  fault?: string;
  gateway: string;
  connection: { host: string; port: number };
}

/** More than any request of these tests can need, even in a suspended process. */
const LONG_TIMEOUT_MS = 6_000;
/** Before a guarded repeat. */
const GUARDED_TIMEOUT_MS = 400;
/** Time for running listeners when their process is asked to end. */
const SHUTDOWN_MS = 500;

/** The settings of an instance: one account that polls, and one that sends campaigns. */
export function settingsOf(plan: InstancePlan): InstanceSettings {
  const { place, life, folder, leaseMs, unknownOutcome, hasSpool, fault, gateway, connection } = plan;
  const { timeoutMs = LONG_TIMEOUT_MS, everyMs = 20 } = plan;
  const spool = hasSpool ? join(folder, `spool-${place}`) : undefined;
  return {
    ...{ life: life.number, journal: join(folder, 'journal'), moves: join(folder, 'moves'), fault },
    handlingMs: 1 + (life.number % 3),
    redis: { connection, prefix: '{cluster}', leaseMs, spool },
    reports: {
      ...{ baseUrl: gateway, auth: { username: 'demo', password: 'demo' } },
      http: { timeoutMs, maxResponseBytes: 65_536 },
      dlr: {
        poll: { everyMs, count: life.asked },
        retryDelayMs: 20,
        // A report that is with its listener when its process is killed has used up an attempt.
        maxAttempts: 1_000,
        listenerTimeoutMs: 600_000,
        shutdownTimeoutMs: SHUTDOWN_MS,
      },
    },
    bulk: {
      ...{ baseUrl: gateway, auth: { username: 'bulk', password: 'bulk' } },
      http: { timeoutMs: unknownOutcome === 'guarded' ? GUARDED_TIMEOUT_MS : LONG_TIMEOUT_MS },
      retry: { unknownOutcome, delayMs: 5 },
    },
  };
}
