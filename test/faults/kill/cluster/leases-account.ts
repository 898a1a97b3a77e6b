import type { Life } from '../account-for.js';
import type { Download } from '../downloads-watch.js';
import type { LeaseMove, Still } from './moves.js';

/** What is known of who led when. */
export interface LeaseEvidence {
  lives: Life[];
  downloads: Download[];
  leases: LeaseMove[];
  /** When whom something had stand still. */
  still: Still[];
  leaseMs: number;
}

/** What must not be: downloads without a lease, and such beside each other that nothing excuses. */
export function leaseFaults(evidence: LeaseEvidence): string[] {
  return [...unledDownloads(evidence.leases), ...overlaps(evidence)];
}

/** How often the lease went from one life to another. */
export function countTakeovers(leases: readonly LeaseMove[]): number {
  const holders = leases.filter(({ kind }) => kind === 'took').map(({ life }) => life);
  return holders.filter((life, i) => i > 0 && holders[i - 1] !== life).length;
}

/** Each download leaves while its instance believes to hold the lease, and while nobody else has got it since. */
function unledDownloads(leases: readonly LeaseMove[]): string[] {
  const faults: string[] = [];
  let holder: number | undefined;
  for (const { kind, life, at, isValid } of leases) {
    if (kind === 'took') holder = life;
    else if (kind === 'released') holder = holder === life ? undefined : holder;
    else {
      if (isValid !== true) faults.push(`life ${life} sent a download at ${at} without a valid lease`);
      if (holder !== life) faults.push(`life ${life} sent a download at ${at}, when life ${holder ?? 'nobody'} led`);
    }
  }
  return faults;
}

/** Two downloads are on their way at a time only when the first was out before its process, or Redis, stood still. */
function overlaps({ lives, downloads, still, leaseMs }: LeaseEvidence): string[] {
  const faults: string[] = [];
  for (const [i, first] of downloads.entries()) {
    const end = first.answeredAt ?? lives[first.life]?.endedAt ?? Infinity;
    for (const second of downloads.slice(i + 1)) {
      // In the same millisecond one may have ended as the next began.
      if (second.at >= end) break;
      const isSame = second.life === first.life;
      if (isSame || !isExcused(first, second, still, leaseMs)) {
        faults.push(
          `a download of life ${second.life} began at ${second.at} while one of life ${first.life} of ${first.at} was on its way until ${end}`,
        );
      }
    }
  }
  return faults;
}

/** Whether something stood still between them, and the first could lose its lease on its way. */
function isExcused(first: Download, second: Download, still: readonly Still[], leaseMs: number): boolean {
  return still.some(({ life, from, to }) => {
    // Redis was unavailable, or has just restarted: no instance may have renewed its lease in time.
    const until = life === undefined ? to + leaseMs : to;
    return (life === undefined || life === first.life) && from <= second.at && until >= first.at;
  });
}
