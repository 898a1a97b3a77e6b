import type { Dlr } from '../dto/dlr.js';

/** The event of a delivery report; its payload is a {@link Dlr}. */
export const OURSMS_DLR = 'oursms.dlr';

/** The event of a report whose listener failed `dlr.maxAttempts` times; its payload is a {@link DlrFailure}. */
export const OURSMS_DLR_FAILED = 'oursms.dlr.failed';

/** The event of a download, or a push, that could not be read; its payload is an {@link UnreadableDlrs}. */
export const OURSMS_DLR_UNREADABLE = 'oursms.dlr.unreadable';

/** The event of a download whose answer did not arrive, or not all of it; its payload is a {@link DlrGap}. */
export const OURSMS_DLR_GAP = 'oursms.dlr.gap';

/** A report that is not offered to its listeners any more. It is kept: `DlrInbox.retry(dlr.id)` offers it again. */
export interface DlrFailure {
  dlr: Dlr;
  /** How often it was offered. */
  attempts: number;
  /** Last error of the listener: its name and message, without numbers. */
  reason: string;
}

/** A download, or a push, that could not be read, or not to its end. It is kept: `DlrInbox.rereadUnreadable()` reads it again. */
export interface UnreadableDlrs {
  /** Names it in the inbox. */
  id: string;
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** Why it cannot be read. */
  why: string;
  /** How many whole reports were found in it, and published. */
  salvaged: number;
  /** The body: its text, or its bytes in base64 when it could not be decoded. It may hold phone numbers. */
  raw: string;
  /** How `raw` is given. */
  rawEncoding: 'utf8' | 'base64';
  /** The Content-Type that the gateway gave bytes, if any. */
  contentType?: string;
  /** The Content-Encoding that the gateway gave bytes, if any: they may still be compressed. */
  contentEncoding?: string;
}

/**
 * Reports that may be lost: the gateway may have deleted them, and its answer did not arrive, or not completely. The
 * same gap can be announced twice, with the same `id`.
 */
export interface DlrGap {
  id: string;
  account: string;
  /** When the download began: ISO 8601, UTC. */
  at: string;
  /** No more reports than this are missing. */
  atMost: number;
  /** Cause of the gap. */
  why: string;
}
