import type { ReportFacts } from '../module/account-health.js';
import type { HealthReason } from './health-data.js';
import { messagesOf, reportsOf, type HealthFacts } from './health-facts.js';
import type { OurSmsHealthOptions } from './oursms-health.options.js';

/** Polls that may fail in a row until polling is overdue. */
const OVERDUE_POLLS = 5;
/** Shortest time without a successful poll until polling is overdue. */
const SHORTEST_OVERDUE_MS = 5 * 60_000;
/** Time for which the account is degraded after a gap. */
const DEGRADED_AFTER_GAP_MS = 60 * 60_000;

/** Options that facts are compared with. */
type HealthLimits = Pick<OurSmsHealthOptions, 'minCredits' | 'maxOldestMs' | 'maxMissing'>;

interface Rule {
  reason: HealthReason;
  status: 'down' | 'degraded';
  holds: (facts: HealthFacts, limits: HealthLimits) => boolean;
}

const RULES: readonly Rule[] = [
  { reason: 'storeNotWritable', status: 'down', holds: ({ store }) => store === 'notWritable' },
  {
    reason: 'storeNotReadable',
    status: 'down',
    holds: ({ store, reports, messages }) =>
      store === 'writable' && (reports === 'notReadable' || messages === 'notReadable'),
  },
  {
    reason: 'storeTimeout',
    status: 'down',
    holds: ({ store, reports, messages }) => [store, reports, messages].includes('timeout'),
  },
  { reason: 'pollOverdue', status: 'down', holds: (facts) => isPollOverdue(reportsOf(facts)) },
  { reason: 'credentialsRefused', status: 'down', holds: ({ gateway }) => gateway === 'refusesCredentials' },
  {
    reason: 'gatewayAway',
    status: 'degraded',
    holds: ({ gateway, credits }) => gateway === 'away' || credits === 'timeout',
  },
  {
    reason: 'creditsLow',
    status: 'degraded',
    holds: ({ credits }, { minCredits }) => typeof credits === 'number' && credits <= (minCredits ?? -Infinity),
  },
  {
    reason: 'creditsUnknown',
    status: 'degraded',
    holds: ({ credits, gateway }, { minCredits }) =>
      minCredits != undefined && credits === undefined && gateway === 'answers',
  },
  {
    reason: 'reportsWaiting',
    status: 'degraded',
    holds: (facts, { maxOldestMs }) => (reportsOf(facts)?.stats.oldestMs ?? 0) > (maxOldestMs ?? Infinity),
  },
  { reason: 'reportsFailed', status: 'degraded', holds: (facts) => (reportsOf(facts)?.stats.failed ?? 0) > 0 },
  { reason: 'reportsUnreadable', status: 'degraded', holds: (facts) => (reportsOf(facts)?.stats.unreadable ?? 0) > 0 },
  {
    reason: 'reportsMayBeLost',
    status: 'degraded',
    holds: (facts) => (reportsOf(facts)?.sinceGapMs ?? Infinity) < DEGRADED_AFTER_GAP_MS,
  },
  {
    reason: 'messagesMissing',
    status: 'degraded',
    holds: (facts, { maxMissing = 0 }) => (messagesOf(facts)?.missing ?? 0) > maxMissing,
  },
  { reason: 'paused', status: 'degraded', holds: (facts) => reportsOf(facts)?.stats.paused === true },
];

/** Lists what is wrong with an account, and decides its status: `down` if any rule of that status holds. */
export function judgeHealth(
  facts: HealthFacts,
  limits: HealthLimits,
): { status: 'up' | 'degraded' | 'down'; reasons: HealthReason[] } {
  const found = RULES.filter(({ holds }) => holds(facts, limits));
  const isDown = found.some(({ status }) => status === 'down');
  return {
    status: isDown ? 'down' : found.length > 0 ? 'degraded' : 'up',
    reasons: found.map(({ reason }) => reason),
  };
}

/** Polling of a paused inbox is not overdue: it starts again with `resume()`. */
function isPollOverdue(reports: ReportFacts | undefined): boolean {
  if (reports?.polling === undefined || reports.stats.paused) return false;
  const { sinceGoodMs, everyMs } = reports.polling;
  return sinceGoodMs > Math.max(OVERDUE_POLLS * everyMs, SHORTEST_OVERDUE_MS);
}
