import type { Dlr } from '../dto/dlr.js';
import type { SendReceipt } from '../dto/send-receipt.js';

/** Origins of a send: a call of `OurSmsService.send`, or a request of a campaign. */
export const SEND_ORIGINS = ['message', 'campaign'] as const;

/** Origin of a send. */
export type SendOrigin = (typeof SEND_ORIGINS)[number];

/** Source of reports: a download of the poller, a push of the gateway, or a call of `OurSmsService.downloadDlrs`. */
export type ReportSource = 'poll' | 'push' | 'call';

/** Outcome of a send. `doubt` is set when one of its tries may have been sent. */
export type SendEnd =
  | { kind: 'sent'; receipt: SendReceipt }
  | { kind: 'failed'; error: unknown; doubt?: object }
  /** The last try did not leave. */
  | { kind: 'withdrawn'; doubt?: object };

/** Facts about the send of a message, stored until its report came. */
export interface SentFacts {
  /** {@link SendSpan.traceparent} of its send. */
  traceparent?: string;
  /** When it was sent: milliseconds since 1970. */
  sentAt?: number;
}

/** Span of one message, or of one request of a campaign, from before its first try until its outcome is known. */
export interface SendSpan {
  /** Context of the span as W3C `traceparent`, to store with the message; undefined when nothing is recorded. */
  readonly traceparent: string | undefined;
  /** A request is about to leave. @param tries Tries so far, this one included. */
  tryLeaves(tries: number): void;
  /** A try failed. @param tries Tries so far, this one included. */
  tryFailed(tries: number, error: unknown): void;
  /** Called once. */
  end(result: SendEnd): void;
}

/** Span of a download, or of storing a push. */
export interface ReceiveSpan {
  /** The download or push is durable. @param reports Number of its reports, if known. */
  end(reports?: number): void;
  /** The download failed, or the body could not be stored. */
  fail(error: unknown): void;
}

/** Span of the delivery of one report to its listeners. */
export interface ProcessSpan {
  /** Calls the listeners, whose spans become children of this one. */
  run<T>(call: () => T): T;
  /** Every listener has resolved. */
  end(): void;
  /** A listener failed, or did not finish in time. */
  fail(error: unknown): void;
}

/** State of an account that is read when metrics are collected. */
export interface AccountReadings {
  /** The last balance that the gateway reported. */
  credits?: number;
  /** Unset for an account without an inbox, and while its store cannot be read. */
  inbox?: { waiting: number; oldestMs: number; gaps: number };
  /** Recipients of campaigns that have no outcome yet. */
  campaignPending: number;
}

/**
 * Port for the traces and metrics of an account. An implementation must not export its arguments unfiltered: a report holds the
 * number of its recipient and the name of its sender, and an error of a listener can hold any text.
 */
export interface Telemetry {
  /** A message is about to be sent. */
  startSend(origin: SendOrigin, recipients: number): SendSpan;
  /** A download is about to start, or a push has come. */
  startReceive(source: ReportSource): ReceiveSpan;
  /** Reports were read for the first time. */
  consumed(source: ReportSource, reports: number): void;
  /**
   * A report is about to be delivered to its listeners.
   *
   * @param sent Facts about the send of its message, if known.
   */
  startProcess(dlr: Dlr, sent?: SentFacts): ProcessSpan;
  /** Metrics may be collected from now on. @param read Reads the state of the account; never rejects. */
  observe(read: () => Promise<AccountReadings>): void;
  /** The application stops: {@link observe} ends. Spans may still start and end. */
  close(): void;
}

/** Facts about an account that never change. */
export interface TelemetryAccount {
  /** The name of the account. */
  name: string;
  /** Host of the gateway. */
  host: string;
  /** Port of the gateway. */
  port: number;
}
