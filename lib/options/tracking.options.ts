import { IsWholeNumber } from '../dto/field-rules.js';
import { IsBoolean } from '../dto/validation-rules.js';

/**
 * Which message a delivery report belongs to. With it, a record is kept of each message that is sent with a `reference` or with
 * `dlr: true`, before it leaves.
 */
export class OurSmsTrackingOptions {
  /** Milliseconds from when a message left, or was due, until it is announced as missing when it has no final report. 24 hours. */
  @IsWholeNumber(1_000)
  missingAfterMs?: number = 86_400_000;

  /** Milliseconds that a record is kept. Reports that come later match nothing. 7 days. */
  @IsWholeNumber(1_000)
  keepForMs?: number = 604_800_000;

  /** Records at the most, one for each send; beyond that, the oldest are removed first. Campaigns do not count. */
  @IsWholeNumber(1, 100_000_000)
  maxRecords?: number = 1_000_000;

  /**
   * Whether a report without known ids is matched by its recipient, where one message only can be meant. False where other
   * applications send to the same numbers with the same account and sender.
   */
  @IsBoolean({ message: '$property must be true or false' })
  matchByDest?: boolean = true;
}
