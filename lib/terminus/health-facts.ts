import type { AccountHealth, MessageFacts, ReportFacts } from '../module/account-health.js';
import type { OurSmsHealthOptions } from './oursms-health.options.js';

/** Facts by which the health of an account is judged. */
export interface HealthFacts {
  /** `timeout`: the store did not answer in time. */
  store: 'writable' | 'notWritable' | 'timeout';
  /** Undefined for an account that receives no reports. */
  reports: ReportFacts | undefined | 'notReadable' | 'timeout';
  /** Undefined for an account that tracks nothing, or has not needed its store yet. */
  messages: MessageFacts | undefined | 'notReadable' | 'timeout';
  /** Undefined when the gateway did not report them. */
  credits: number | undefined | 'timeout';
  gateway: AccountHealth['gatewayState'];
}

/** Reads all facts at the same time, so that the check takes no longer than the slowest read. */
export async function gatherFacts(
  account: AccountHealth,
  { timeoutMs, cacheMs }: Required<OurSmsHealthOptions>,
): Promise<HealthFacts> {
  const [store, reports, messages, credits] = await Promise.all([
    settledWithin(timeoutMs, account.checkStore()),
    settledWithin(timeoutMs, account.reports()),
    settledWithin(timeoutMs, account.messages()),
    settledWithin(timeoutMs, account.credits(cacheMs)),
  ]);
  return {
    store: store.kind === 'value' ? 'writable' : store.kind === 'error' ? 'notWritable' : 'timeout',
    reports: readableOf(reports),
    messages: readableOf(messages),
    credits: credits.kind === 'value' ? credits.value : credits.kind === 'error' ? undefined : 'timeout',
    gateway: account.gatewayState,
  };
}

/** The facts about reports, where there are any. */
export const reportsOf = ({ reports }: HealthFacts): ReportFacts | undefined =>
  typeof reports === 'object' ? reports : undefined;

/** The facts about tracked messages, where there are any. */
export const messagesOf = ({ messages }: HealthFacts): MessageFacts | undefined =>
  typeof messages === 'object' ? messages : undefined;

type Settled<T> = { kind: 'value'; value: T } | { kind: 'error' } | { kind: 'timeout' };

/** Waits for a promise until a deadline. An error after it is ignored. */
function settledWithin<T>(timeoutMs: number, promise: Promise<T>): Promise<Settled<T>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'timeout' }), timeoutMs);
    promise
      .then(
        (value) => resolve({ kind: 'value', value }),
        () => resolve({ kind: 'error' }),
      )
      .finally(() => clearTimeout(timer));
  });
}

function readableOf<T>(read: Settled<T>): T | 'notReadable' | 'timeout' {
  return read.kind === 'value' ? read.value : read.kind === 'error' ? 'notReadable' : 'timeout';
}
