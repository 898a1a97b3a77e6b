import type { Dlr, DlrStatus, MessageState } from 'nestjs-oursms';

/** What the sender learns of the gateway's ids by the answer to a send. */
export type Learnt = 'msgId' | 'jobId' | 'nothing';

/** A matched report, as the model keeps it. */
export interface TruthReport {
  msgId?: string;
  status: DlrStatus;
  msgDate?: string;
}

/** What the gateway does with a request. `rejected`: it rejects some of its recipients. `reset`: it takes it, and does not answer. */
export type Fate = 'taken' | 'reset' | 'refused' | 'rejected';

/** One send of the run, as the test knows it. */
export interface TruthSend {
  number: number;
  account: string;
  reference?: string;
  src: string;
  dlr: boolean;
  parts: number;
  /** The gateway's id of the request. */
  jobId: string;
  learnt: Learnt;
  fate: Fate;
  /** How it ended for its caller; undefined while it is in flight. */
  outcome?: 'sent' | 'notSent' | 'unknown';
  isForgotten: boolean;
  /** Its record was made between the two: milliseconds since 1970. */
  from: number;
  to: number;
  recipients: TruthMessage[];
}

/** A message to one recipient, as the test knows it. */
export interface TruthMessage {
  readonly id: number;
  readonly send: TruthSend;
  readonly dest: string;
  readonly msgId: string;
  /** The ids that the gateway reports parts with: those of parts, or that of the message. */
  readonly partIds: readonly string[];
  /** When the gateway sent it: milliseconds since 1970, by its own clock. */
  readonly sentAt: number;
  isRejected: boolean;
  /** Reports that were matched with it, one of each status and part. */
  reports: TruthReport[];
}

const RANKS: Readonly<Record<DlrStatus, number>> = {
  ...{ unknown: 0, sent: 1, undelivered: 2, failed: 2, deleted: 2, expired: 2 },
  delivered: 3,
};

/** Keeps a matched report: the first one of each status and part. */
export function keep(message: TruthMessage, { msgId, status, msgDate }: Dlr): void {
  const isKept = message.reports.some((report) => report.msgId === msgId && report.status === status);
  if (!isKept) message.reports.push({ msgId, status, msgDate });
}

/** The state of a message by the rules of the documentation. */
export function stateOfTruth({ send, isRejected, reports }: TruthMessage): MessageState {
  const parts = new Map<string | undefined, DlrStatus>();
  for (const { msgId, status } of reports) {
    const known = parts.get(msgId);
    if (known === undefined || RANKS[status] > RANKS[known]) parts.set(msgId, status);
  }
  // The first of the failures that stand.
  const failed = reports.find(({ msgId, status }) => RANKS[status] === 2 && parts.get(msgId) === status);
  if (failed) return failed.status;
  const best = [...parts.values()].sort((one, other) => RANKS[other] - RANKS[one])[0];
  if (best !== undefined) return best === 'unknown' ? 'sent' : best;
  if (isRejected && send.outcome === 'sent') return 'rejected';
  return send.outcome ?? 'pending';
}

/** Whether a state is the last one, but for a report that says more. */
export function isFinalTruth(state: MessageState, dlr: boolean): boolean {
  if (state === 'sent') return !dlr;
  return state !== 'pending' && state !== 'unknown' && state !== 'missing';
}
