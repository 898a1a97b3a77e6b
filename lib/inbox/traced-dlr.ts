import type { Dlr } from '../dto/dlr.js';

/** A report with the trace context of its send, which events do not show. */
export interface TracedDlr extends Dlr {
  traceparent?: string;
}

/** The report without its trace context, for events. */
export function shownDlr(dlr: TracedDlr): Dlr {
  if (dlr.traceparent === undefined) return dlr;
  const shown: TracedDlr = { ...dlr };
  delete shown.traceparent;
  return shown;
}
