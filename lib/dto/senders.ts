/** A sender of the account. */
export interface Sender {
  /** The name or number to send with; `undefined` when the row cannot be read. */
  src?: string;
  /** The row as the gateway sent it. It may contain more, such as whether the sender is approved. */
  raw: unknown;
}

/** The senders of an account. */
export interface Senders {
  /** At most 200 senders; `undefined` when the answer contains no list that can be read: then look at `raw`. */
  senders?: Sender[];
  /** The whole answer as the gateway sent it. */
  raw: unknown;
}
