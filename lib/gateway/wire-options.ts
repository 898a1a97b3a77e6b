/** The HTTP method of a send. @inline */
export type SendMethod = 'POST' | 'GET';

/** Parameters beyond the document's. */
export type ExtraParameters = Readonly<Record<string, string | number | boolean>>;

/** Conditions that end a request, or keep it from leaving. */
export interface RequestBounds {
  /** Ends the call. */
  signal?: AbortSignal;
  /** Asked when the first byte is about to leave: false, and none does; the call fails as if its signal had ended it. @internal */
  mayStart?: () => boolean;
}

/**
 * How one send is made.
 *
 * @inline
 */
export interface WireOptions extends RequestBounds {
  /** The HTTP method. The document prefers POST; the JSON API has no other. */
  method?: SendMethod;
  /** Parameters beyond the document's. */
  extra?: ExtraParameters;
}
