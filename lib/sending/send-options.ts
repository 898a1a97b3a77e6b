import type { WireOptions } from '../gateway/wire-options.js';

/** How one message is sent. */
export interface SendOptions extends WireOptions {
  /** A name of the caller for the message, 1 to 128 characters, such as `order-4711`. It is never sent to the gateway. */
  reference?: string;
}
