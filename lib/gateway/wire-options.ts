/** The HTTP method of a send. @inline */
export type SendMethod = 'POST' | 'GET';

/** Parameters that the document does not have. */
export type ExtraParameters = Readonly<Record<string, string | number | boolean>>;

/** Conditions that stop a request. */
export interface RequestBounds {
  /** Ends the call. */
  signal?: AbortSignal;
  /** Called right before the first byte leaves. False stops the request: the call fails with `OurSmsAbortedError`. @internal */
  mayStart?: () => boolean;
}

/**
 * Options of the request of one send.
 *
 * @inline
 */
export interface WireOptions extends RequestBounds {
  /** The HTTP method. The document prefers POST; the JSON API has no other. */
  method?: SendMethod;
  /** Parameters that the document does not have. */
  extra?: ExtraParameters;
}
