import type { Dlr } from '../dto/dlr.js';

/** The event of a delivery report; its payload is a {@link Dlr}. */
export const OURSMS_DLR = 'oursms.dlr';

/** The event of a report whose listener failed `dlr.maxAttempts` times; its payload is a {@link DlrFailure}. */
export const OURSMS_DLR_FAILED = 'oursms.dlr.failed';

/** The event of a download, or a push, that could not be read; its payload is an {@link UnreadableDlrs}. */
export const OURSMS_DLR_UNREADABLE = 'oursms.dlr.unreadable';

/** The event of a download whose answer did not arrive completely; its payload is a {@link DlrGap}. */
export const OURSMS_DLR_GAP = 'oursms.dlr.gap';

/** A report that was given up. It stays in the store: `DlrInbox.retry(dlr.id)` redelivers it. */
export interface DlrFailure {
  dlr: Dlr;
  /** Number of delivery attempts. */
  attempts: number;
  /** Name and message of the listener's last error, without numbers. */
  reason: string;
}

/** A download or push that could not be read completely. It stays in the store: `DlrInbox.rereadUnreadable()` reads it again. */
export interface UnreadableDlrs {
  /** Its id in the inbox. */
  id: string;
  account: string;
  /** ISO 8601, UTC. */
  receivedAt: string;
  /** Why it cannot be read. */
  why: string;
  /** Number of complete reports that were recovered from it and published. */
  salvaged: number;
  /** The body: its text, or its bytes in base64 when it could not be decoded. It may hold phone numbers. */
  raw: string;
  /** Encoding of `raw`. */
  rawEncoding: 'utf8' | 'base64';
  /** Content-Type of a body that could not be decoded, if the gateway sent one. */
  contentType?: string;
  /** Content-Encoding of a body that could not be decoded, if the gateway sent one: `raw` may still be compressed. */
  contentEncoding?: string;
}

/**
 * Reports that may be lost: the gateway may have deleted them, but its answer did not arrive completely. The same gap can be
 * announced twice, with the same `id`.
 */
export interface DlrGap {
  id: string;
  account: string;
  /** When the download started: ISO 8601, UTC. */
  at: string;
  /** Maximum number of lost reports. */
  atMost: number;
  /** Cause of the gap. */
  why: string;
}
