import type { Advice } from '../message/advice/advice.js';
import type { TextDescription } from '../message/describe-text.js';

/** Result of a dry run: recipients, parts and credits that a message would take. */
export interface SendEstimate {
  /** Number of recipients: without duplicates, and 1 when `divertTo` is set. */
  recipients: number;
  /** Number of given recipients that are left out because they repeat another one. */
  skipped: number;
  /** Encoding of the text, and its parts for one recipient. */
  text: TextDescription;
  /** Total of parts: recipients × parts of the text. */
  parts: number;
  /** The remaining credits. It can be a fraction. */
  credits: number;
  /**
   * Whether there is at least one credit for each part. That is the usual price; the API document names no price, and
   * foreign numbers can cost more. `SendReceipt.cost` has the real cost.
   */
  sufficient: boolean;
  /** Reasons why the message may not arrive. */
  advice: Advice[];
  /** Minutes that quiet hours would add to `delay`; absent when the message would not be held. */
  heldMinutes?: number;
}
