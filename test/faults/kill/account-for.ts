import type { DlrGap, DlrInboxStats } from 'nestjs-oursms';
import type { Download } from './downloads-watch.js';
import type { Journal } from './journal.js';
import type { Exit } from './forked-program.js';

/** One process from its start to its end. */
export interface Life {
  number: number;
  /** Reports that each of its downloads asks for. */
  asked: number;
  /** What it was ended with; undefined while it runs. */
  signal?: NodeJS.Signals;
  /** When it was sent that signal: milliseconds since 1970. */
  signalledAt?: number;
  endedAt?: number;
  exit?: Exit;
}

/** What is known when all is over. */
export interface Evidence {
  lives: Life[];
  downloads: Download[];
  /** Whether requests may time out although nothing was played on them, because the machine is slow. */
  mayTimeOut: boolean;
  journal: Journal;
  /** Reports that are still at the gateway. */
  left: number;
  /** What the last process had in its inbox in the end; undefined when that could not be asked. */
  stats?: DlrInboxStats;
}

/** What became of the reports. */
export interface Account {
  lives: number;
  reports: number;
  duplicates: number;
  gaps: number;
  /** Reports that were downloaded and never handled. */
  missing: number;
  /** The longest time from the last byte of an answer to the end of a process that had not kept it yet. */
  windowMs: number;
  /** The longest time from a signal to the end of its process. */
  endMs: number;
  /** What must not be. */
  faults: string[];
}

/**
 * Accounts for every report that the gateway delivered: it was handled, or its download is one that nothing can bring back
 * and was announced as such.
 */
export function accountFor(evidence: Evidence): Account {
  const { lives, downloads, journal, mayTimeOut } = evidence;
  const handled = new Set(journal.handled);
  const gaps = new Map(journal.gap.sort((a, b) => a.at.localeCompare(b.at)).map((gap) => [gap.id, gap]));
  const faults = [...endFaults(evidence), ...processFaults(evidence)];
  const announced = gaps.size;
  let missing = 0;
  let windowMs = 0;
  for (const [i, download] of downloads.entries()) {
    const absent = download.reports.filter((msgId) => !handled.has(msgId)).length;
    if (absent === 0) continue;
    missing += absent;
    const where = `download ${i} of life ${download.life}${download.fault === undefined ? '' : ` (${download.fault})`}`;
    if (!isTold(download, absent, { before: downloads[i - 1], after: downloads[i + 1] }, gaps, journal)) {
      faults.push(
        `${where}: ${absent} of its ${download.reports.length} reports are missing, and no gap says so; ${around(i, downloads, journal)}`,
      );
    }
    if (mayTimeOut || !isUndisturbed(download)) continue;
    const { signal, signalledAt = 0 } = lives[download.life] as Life;
    windowMs = Math.max(windowMs, signalledAt - (download.answeredAt ?? signalledAt));
    const isLast = !downloads.slice(i + 1).some(({ life }) => life === download.life);
    if (signal !== 'SIGKILL' || !isLast || absent < download.reports.length) {
      faults.push(`${where}: ${absent} of its ${download.reports.length} reports are lost, although it had been kept`);
    }
  }
  const whole = new Set(journal.unreadable.flatMap((page) => page.whole));
  for (const msgId of whole)
    if (!handled.has(msgId)) faults.push(`${msgId} came whole in a broken page, and is missing`);
  const reports = downloads.reduce((sum, download) => sum + download.reports.length, 0);
  const duplicates = journal.handled.length - handled.size;
  const endMs = Math.max(...lives.map(({ signalledAt = 0, endedAt = 0 }) => endedAt - signalledAt));
  return { lives: lives.length, reports, duplicates, gaps: announced, missing, windowMs, endMs, faults };
}

/** Whether a gap of this download was announced that is as large as what is missing, or its text given to listeners. */
function isTold(
  { at, fault }: Download,
  absent: number,
  { before, after }: { before?: Download; after?: Download },
  gaps: Map<string, DlrGap>,
  { unreadable }: Journal,
): boolean {
  const isBetween = (time: string, from = 0, to = Infinity): boolean =>
    Date.parse(time) >= from && Date.parse(time) <= to;
  // The answer came to its end, and what it held were no reports.
  if (fault === 'garbage' && unreadable.some(({ receivedAt }) => isBetween(receivedAt, at, after?.at))) return true;
  // The last one: before it, a process may have ended just before its request left.
  const gap = [...gaps.values()].filter((one) => isBetween(one.at, before?.at, at)).at(-1);
  // A gap stands for one download.
  if (gap !== undefined) gaps.delete(gap.id);
  return gap !== undefined && gap.atMost >= absent;
}

/** What happened about a download, to find out with. */
function around(i: number, downloads: Download[], { gap, unreadable }: Journal): string {
  const near = downloads.slice(Math.max(0, i - 2), i + 3).map((one) => ({ ...one, reports: one.reports.length }));
  const from = new Date((near[0]?.at ?? 0) - 1_000).toISOString();
  const to = new Date((near.at(-1)?.at ?? 0) + 1_000).toISOString();
  const gaps = gap.filter(({ at }) => at >= from && at <= to).map(({ at, atMost, why }) => ({ at, atMost, why }));
  const pages = unreadable.map(({ receivedAt }) => receivedAt).filter((at) => at >= from && at <= to);
  return JSON.stringify({ near, gaps, pages });
}

/** Nothing may be left anywhere. */
function endFaults({ journal, left, stats, downloads }: Evidence): string[] {
  const faults: string[] = [];
  const out = new Set(downloads.flatMap(({ reports }) => reports));
  if (left > 0) faults.push(`${left} reports are left at the gateway`);
  for (const msgId of new Set(journal.handled)) if (!out.has(msgId)) faults.push(`${msgId} was never handed out`);
  for (const msgId of journal.failed) faults.push(`${msgId} was given up`);
  const { waiting, handling, pages, failed } = stats ?? {};
  if (waiting !== 0 || handling !== 0 || pages !== 0 || failed !== 0) {
    faults.push(`the inbox did not become empty: ${JSON.stringify(stats)}`);
  }
  return faults;
}

/** Processes end by their signal alone, and no two of them download at a time. */
function processFaults({ lives, downloads, mayTimeOut }: Evidence): string[] {
  const faults: string[] = [];
  for (const { number, signal, exit } of lives) {
    if (exit !== undefined && exit.signal === signal) continue;
    faults.push(`life ${number} ended with ${exit?.signal ?? exit?.code}, not with ${signal}: ${exit?.said}`);
  }
  let latest = -1;
  for (const [i, { life }] of downloads.entries()) {
    if (life < latest) faults.push(`download ${i} of life ${life} came after one of life ${latest}`);
    latest = Math.max(latest, life);
  }
  for (const [i, download] of downloads.entries()) {
    const { life, answeredAt } = download;
    if (mayTimeOut || !isUndisturbed(download) || downloads[i + 1]?.life !== life || answeredAt !== undefined) continue;
    faults.push(`download ${i} of life ${life} was not answered when the next one began`);
  }
  return faults;
}

const isUndisturbed = ({ fault }: Download): boolean => fault === undefined || fault === 'latency';
