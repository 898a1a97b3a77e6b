import type { Dlr } from '../dto/dlr.js';
import type { SendReceipt } from '../dto/send-receipt.js';

/** Origins of a send: a call of `OurSmsService.send`, or a request of a campaign. */
export const SEND_ORIGINS = ['message', 'campaign'] as const;

/** Origin of a send. */
export type SendOrigin = (typeof SEND_ORIGINS)[number];

/** How reports came: a download of the poller, a push of the gateway, or a call of `OurSmsService.downloadDlrs`. */
export type ReportSource = 'poll' | 'push' | 'call';

/** How a send ended. `doubt` is set when a try of it may have been sent. */
export type SendEnd =
  | { kind: 'sent'; receipt: SendReceipt }
  | { kind: 'failed'; error: unknown; doubt?: object }
  /** The last try did not leave. */
  | { kind: 'withdrawn'; doubt?: object };

/** Facts about the send of a message that were kept until its report came. */
export interface SentFacts {
  /** {@link SendSpan.traceparent} of its send. */
  traceparent?: string;
  /** When it was sent: milliseconds since 1970. */
  sentAt?: number;
}

/** The send of one message, or of one request of a campaign, from before its first try until its outcome is known. */
export interface SendSpan {
  /** Context of the span as W3C `traceparent`, to keep with the message; undefined when nothing is recorded. */
  readonly traceparent: string | undefined;
  /** A request is about to leave. @param tries Tries so far, this one included. */
  tryLeaves(tries: number): void;
  /** A try failed. @param tries Tries so far, this one included. */
  tryFailed(tries: number, error: unknown): void;
  /** Called once. */
  end(result: SendEnd): void;
}

/** A download, or a push that is being kept. */
export interface ReceiveSpan {
  /** It is durable. @param reports How many reports it holds, where that is known. */
  end(reports?: number): void;
  /** It brought nothing, or could not be kept. */
  fail(error: unknown): void;
}

/** The delivery of one report to its listeners. */
export interface ProcessSpan {
  /** Calls the listeners: what they trace belongs to this span. */
  run<T>(call: () => T): T;
  /** Every listener has resolved. */
  end(): void;
  /** A listener failed, or took too long. */
  fail(error: unknown): void;
}

/** State of an account that is read when metrics are collected. */
export interface AccountReadings {
  /** The last balance that the gateway told. */
  credits?: number;
  /** Unset for an account without an inbox, and while its store cannot be read. */
  inbox?: { waiting: number; oldestMs: number; gaps: number };
  /** Recipients of campaigns that have no outcome yet. */
  campaignPending: number;
}

/**
 * Port of what is traced and measured of an account. No argument that it gets may be passed on as it is: a report holds the
 * number of its recipient and the name of its sender, an error of a listener holds any text.
 */
export interface Telemetry {
  /** A message is about to be sent. */
  startSend(origin: SendOrigin, recipients: number): SendSpan;
  /** A download is about to be made, or a push has come. */
  startReceive(source: ReportSource): ReceiveSpan;
  /** Reports were read for the first time. */
  consumed(source: ReportSource, reports: number): void;
  /**
   * A report is about to be delivered to its listeners.
   *
   * @param sent Facts about the send that it belongs to, where they are known.
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
