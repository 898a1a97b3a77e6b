import type { Dlr } from 'nestjs-oursms';
import type { TruthMessage, TruthSend } from './tracked-truth.js';

/** A row of a report, as the gateway gives it. */
export interface ReportRow {
  msgId?: string;
  jobId?: string;
  status: string;
  src?: string;
  dest?: string;
  msgDate?: string;
  statusDate?: string;
  /** The id of the message that it is about; -1 for one that was not sent here. The application makes nothing of it. */
  truth: number;
}

/** A message and how it is found, or nothing. */
export type Expected = { message: TruthMessage; by: NonNullable<Dlr['matched']> } | undefined;

/** What a sender knows when a report comes. */
export interface Knowledge {
  messages: readonly TruthMessage[];
  byDest: boolean;
  /** Whether the answers of sends in flight count as known. */
  afterAnswers: boolean;
}

const APART_MS = 60_000;

/** The message that a report must be matched with, by the rules of the documentation and by what the sender knows. */
export function expectedMatch(row: ReportRow, { messages, byDest, afterAnswers }: Knowledge): Expected {
  const learnt = ({ outcome, learnt }: TruthSend): TruthSend['learnt'] =>
    outcome === 'sent' || (outcome === undefined && afterAnswers) ? learnt : 'nothing';
  const knowsJob = (send: TruthSend): boolean => learnt(send) !== 'nothing';
  const idOf = ({ send, msgId, isRejected }: TruthMessage): string | undefined =>
    learnt(send) === 'msgId' && !isRejected ? msgId : undefined;
  const isTo = (message: TruthMessage): boolean => row.dest !== undefined && international(row.dest) === message.dest;
  const unlessForgotten = (message: TruthMessage, by: 'msgId' | 'job'): Expected =>
    message.send.isForgotten ? undefined : { message, by };

  const byId = messages.find((message) => row.msgId !== undefined && idOf(message) === row.msgId);
  if (byId) return row.dest === undefined || isTo(byId) ? unlessForgotten(byId, 'msgId') : undefined;
  const ofJob = messages.filter(({ send }) => row.jobId === send.jobId && knowsJob(send));
  if (ofJob.length > 0) {
    const found = ofJob.length === 1 && row.dest === undefined ? ofJob[0] : ofJob.find(isTo);
    return found && unlessForgotten(found, 'job');
  }
  if (!byDest) return undefined;
  const possible = messages.filter((message) => {
    const { send, isRejected, sentAt } = message;
    if (!isTo(message) || send.outcome === 'notSent' || (isRejected && send.outcome === 'sent')) return false;
    if (row.src !== undefined && row.src.toLowerCase() !== send.src.toLowerCase()) return false;
    if (row.jobId !== undefined && knowsJob(send)) return false;
    // Parts may have ids of their own.
    if (row.msgId !== undefined && idOf(message) !== undefined && send.parts === 1) return false;
    return !isZoned(row.msgDate) || Date.parse(row.msgDate) + APART_MS >= Math.min(sentAt, send.from);
  });
  const { msgDate } = row;
  const left =
    possible.length === 1 || msgDate === undefined
      ? possible
      : possible.filter(({ reports }) => !reports.some((report) => areApart(report.msgDate, msgDate)));
  const [only] = left;
  return left.length === 1 && only && !only.send.isForgotten ? { message: only, by: 'dest' } : undefined;
}

/** A Saudi mobile as reports write it: `05…`, or with the country code. */
function international(dest: string): string {
  const digits = dest.replace(/\D/g, '');
  return digits.startsWith('0') ? `966${digits.slice(1)}` : digits;
}

const isZoned = (date: string | undefined): date is string => date?.endsWith('Z') === true;

const areApart = (one: string | undefined, other: string): boolean =>
  one !== undefined && Math.abs(Date.parse(one) - Date.parse(other)) > APART_MS;
