import type { Life } from '../account-for.js';
import type { Download } from '../downloads-watch.js';
import type { Journal } from '../journal.js';

/** What is known of reports. Each life asks for a number of its own: that tells its downloads and its gaps. */
export interface ReportsEvidence {
  lives: Life[];
  downloads: Download[];
  journal: Journal;
}

/** What became of reports. */
export interface ReportsAccount {
  reports: number;
  duplicates: number;
  gaps: number;
  /** Gaps of downloads that came after all: those who announced them could not know. */
  needlessGaps: number;
  /** Reports that were handed out and never handled. */
  missing: number;
  /** The longest time from the last byte of an answer to the kill of a process that had not kept it yet. */
  windowMs: number;
  /** What must not be. */
  faults: string[];
}

/** Accounts for every report that the gateway handed out, whichever instance took it and whichever handled it. */
export function accountForReports({ lives, downloads, journal }: ReportsEvidence): ReportsAccount {
  const handled = new Set(journal.handled);
  const gaps = new Map(journal.gap.map((gap) => [gap.id, gap]));
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
    const before = downloads.slice(0, i).findLast((one) => one.life === life)?.at ?? 0;
    const gap = [...gaps.values()].find(
      (one) => one.atMost === asked && Date.parse(one.at) <= at && Date.parse(one.at) >= before,
    );
    if (gap) gaps.delete(gap.id);
    else faults.push(`${where}: ${absent} of its ${download.reports.length} reports are missing, and no gap says so`);
    const isLast = !downloads.slice(i + 1).some((one) => one.life === life);
    if (signal !== 'SIGKILL' || !isLast || absent < download.reports.length) {
      faults.push(`${where}: ${absent} of its ${download.reports.length} reports are lost, although it had been kept`);
    }
    windowMs = Math.max(windowMs, signalledAt - (answeredAt ?? signalledAt));
  }
  for (const msgId of handled) if (!out.has(msgId)) faults.push(`${msgId} was never handed out`);
  const duplicates = journal.handled.length - handled.size;
  return { reports: out.size, duplicates, gaps: announced, needlessGaps: gaps.size, missing, windowMs, faults };
}
