import { IsWholeNumber } from '../dto/field-rules.js';
import { IsBoolean } from '../dto/validation-rules.js';

/**
 * Matching of delivery reports with messages. The module stores a record of each message with a `reference` or `dlr: true`
 * before it sends the message.
 */
export class OurSmsTrackingOptions {
  /** Milliseconds from when a message left, or was due, until it is missing without a final report. Default: 24 hours. */
  @IsWholeNumber(1_000)
  missingAfterMs?: number = 86_400_000;

  /** Milliseconds until a record is removed. Later reports match no message. Default: 7 days. */
  @IsWholeNumber(1_000)
  keepForMs?: number = 604_800_000;

  /** Maximum number of records, one for each send. Above it, the oldest records are removed. Campaigns do not count. */
  @IsWholeNumber(1, 100_000_000)
  maxRecords?: number = 1_000_000;

  /**
   * Whether a report without known ids is matched by its recipient if only one message fits. Set it to false where other
   * applications send to the same numbers with the same account and sender.
   */
  @IsBoolean({ message: '$property must be true or false' })
  matchByDest?: boolean = true;
}
