import type { Life } from '../account-for.js';
import type { Download } from '../downloads-watch.js';
import type { Journal } from '../journal.js';
import type { Still } from './moves.js';

/**
 * Milliseconds after its answer in which a process that runs has a download in its directory. Some are enough; a machine that
 * has much else to do, and a disk that all wait for, take more.
 */
export const SPOOLED_WITHIN_MS = 1_500;

/** What is known of reports. Each life asks for a number of its own: that tells its downloads and its gaps. */
export interface ReportsEvidence {
  lives: Life[];
  downloads: Download[];
  journal: Journal;
  /** When whom something had stand still. */
  still: Still[];
  /** Whether what Redis does not take is in a directory. */
  hasSpool: boolean;
}

/** What became of reports. */
export interface ReportsAccount {
  reports: number;
  duplicates: number;
  gaps: number;
  /** Gaps of downloads that came after all: those who announced them could not know. */
  needlessGaps: number;
  /** Reports that were downloaded and never handled. */
  missing: number;
  /** The longest time from the last byte of an answer to the kill of a process that had not kept it yet, while it ran. */
  windowMs: number;
  /** What must not be. */
  faults: string[];
}

/** Accounts for every report that the gateway delivered, whichever instances downloaded and handled it. */
export function accountForReports({ lives, downloads, journal, still, hasSpool }: ReportsEvidence): ReportsAccount {
  const handled = new Set(journal.handled);
  const gaps = new Map(journal.gap.map((gap) => [gap.id, gap]));
  const kept = new Set(journal.kept);
  const announced = gaps.size;
  const faults = journal.failed.map((msgId) => `${msgId} was given up`);
  const out = new Set<string>();
  let missing = 0;
  let windowMs = 0;
  for (const [i, download] of downloads.entries()) {
    const { life, at, answeredAt } = download;
    for (const msgId of download.reports) out.add(msgId);
    const absent = download.reports.filter((msgId) => !handled.has(msgId)).length;
    if (absent === 0) continue;
    missing += absent;
    const { signal, signalledAt = Infinity, asked } = lives[life] as Life;
    const where = `download ${i} of life ${life} (of ${at}, answered at ${answeredAt}, ${signal} at ${signalledAt})`;
    const say = (what: string): void =>
      void faults.push(`${where}: ${absent} of its ${download.reports.length} reports are ${what}`);
    const before = downloads.slice(0, i).findLast((one) => one.life === life)?.at ?? 0;
    const gap = [...gaps.values()].find(
      (one) => one.atMost === asked && Date.parse(one.at) <= at && Date.parse(one.at) >= before,
    );
    if (gap) gaps.delete(gap.id);
    else say('missing, and no gap says so');
    const isLast = !downloads.slice(i + 1).some((one) => one.life === life);
    // A gap is no excuse for what its process was told to be durable.
    const wasKept = gap !== undefined && kept.has(gap.id);
    if (signal !== 'SIGKILL' || !isLast || absent < download.reports.length || wasKept) {
      say('lost, although it had been kept');
    }
    const ranMs = ranFor(life, answeredAt ?? signalledAt, signalledAt, still);
    if (hasSpool && ranMs > SPOOLED_WITHIN_MS) say(`missing, and its process ran on for ${ranMs} ms with them`);
    windowMs = Math.max(windowMs, ranMs);
  }
  for (const msgId of handled) if (!out.has(msgId)) faults.push(`${msgId} was never handed out`);
  const duplicates = journal.handled.length - handled.size;
  return { reports: out.size, duplicates, gaps: announced, needlessGaps: gaps.size, missing, windowMs, faults };
}

/** How long a life ran from one time to another, without the times that it stood still. */
function ranFor(life: number, from: number, to: number, still: readonly Still[]): number {
  const own = still.filter((one) => one.life === life);
  const parts = own.map((one) => [Math.max(from, one.from), Math.min(to, one.to)] as const).sort(([a], [b]) => a - b);
  let ran = to - from;
  let end = from;
  // What something else had stand still is noted by the process itself as well.
  for (const [begin, until] of parts) {
    ran -= Math.max(0, until - Math.max(end, begin));
    end = Math.max(end, until);
  }
  return ran;
}
