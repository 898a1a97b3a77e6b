import type { Dlr } from '../dto/dlr.js';

/** A report with the context of the span of its send, which no event shows. */
export interface TracedDlr extends Dlr {
  traceparent?: string;
}

/** The report as events show it. */
export function shownDlr(dlr: TracedDlr): Dlr {
  if (dlr.traceparent === undefined) return dlr;
  const shown: TracedDlr = { ...dlr };
  delete shown.traceparent;
  return shown;
}
