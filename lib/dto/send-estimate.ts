import type { Advice } from '../message/advice/advice.js';
import type { TextDescription } from '../message/describe-text.js';

/** Result of a dry run: recipients, parts and credits that a message would take. */
export interface SendEstimate {
  /** How many recipients it would go to: without duplicates, and diverted when the account says so. */
  recipients: number;
  /** How many of the given recipients are left out because they repeat another one. */
  skipped: number;
  /** How the text travels, and its parts for one recipient. */
  text: TextDescription;
  /** Parts in all: recipients × parts of the text. */
  parts: number;
  /** The credits at hand. It can be a fraction. */
  credits: number;
  /**
   * Whether the credits are as many as the parts. One credit for each part is the usual price; the API document names none,
   * and foreign numbers can cost more. `SendReceipt.cost` is what was charged.
   */
  sufficient: boolean;
  /** Reasons why the message may not arrive. */
  advice: Advice[];
  /** Minutes that quiet hours would add to `delay`; absent when the message would not be held. */
  heldMinutes?: number;
}
