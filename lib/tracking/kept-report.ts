import type { Dlr, DlrStatus } from '../dto/dlr.js';

/** A matched report, in the form in which it is stored. */
export interface KeptReport {
  /** Index of the recipient in its record. */
  index: number;
  /** The gateway's id of the message; parts of a text may have ids of their own. */
  msgId?: string;
  status: DlrStatus;
  statusDate?: string;
  msgDate?: string;
  receivedAt: string;
  /** Place among the reports of the same page. */
  order: number;
}

/** @param order Place among the reports of the same page. */
export function keptReport(
  { msgId, status, statusDate, msgDate, receivedAt }: Dlr,
  index: number,
  order: number,
): KeptReport {
  return { index, msgId, status, statusDate, msgDate, receivedAt, order };
}

/** Compares two reports by their arrival. */
export function byArrival(one: KeptReport, other: KeptReport): number {
  if (one.receivedAt !== other.receivedAt) return one.receivedAt < other.receivedAt ? -1 : 1;
  return one.order - other.order;
}
