import { MAX_DLR_COUNT } from '../dto/download-dlrs.dto.js';
import { IsWholeNumber } from '../dto/field-rules.js';
import { Type } from '../dto/transformation-rules.js';
import { IsObject, IsOptional, IsString, ValidateNested } from '../dto/validation-rules.js';
import { IsWebhookSecret } from './options-rules.js';

/** When delivery reports are downloaded: give `everyMs` or `cron`. */
export class OurSmsPollOptions {
  /** Milliseconds from the end of one poll to the next. After a full download, the next one follows at once. */
  @IsOptional()
  @IsWholeNumber(10)
  everyMs?: number;

  /** A cron expression, read by the package `cron`, which @nestjs/schedule brings. */
  @IsOptional()
  @IsString({ message: '$property must be a cron expression' })
  cron?: string;

  /** Maximum number of reports for each download, 1 to 500: a broken download can lose no more. */
  @IsWholeNumber(1, MAX_DLR_COUNT)
  count?: number = MAX_DLR_COUNT;
}

/** Delivery reports that the gateway pushes: to `OurSmsWebhook`, or to a controller of yours that calls `DlrInbox.accept`. */
export class OurSmsWebhookOptions {
  /**
   * Last part of the webhook address that you enter at the gateway. It authenticates each push. 16 to 100 random characters
   * of `A-Z a-z 0-9 - . _ ~`.
   */
  @IsWebhookSecret()
  secret!: string;
}

/** How delivery reports are received. */
export class OurSmsDlrOptions {
  /** Download reports on a schedule and publish each as the event `oursms.dlr`. Unset: no poller. */
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsPollOptions)
  poll?: OurSmsPollOptions;

  /** Accept reports that the gateway pushes, and publish each as `oursms.dlr`; `poll` may be set as well. Unset: no webhook. */
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsWebhookOptions)
  webhook?: OurSmsWebhookOptions;

  /** How often a report is delivered to failing listeners. After the last delivery it counts as failed: `oursms.dlr.failed`. */
  @IsWholeNumber(1, 1_000)
  maxAttempts?: number = 10;

  /** Backoff in milliseconds before the second delivery of a report. It doubles each time, up to 15 minutes. */
  @IsWholeNumber(1, 900_000)
  retryDelayMs?: number = 2_000;

  /** Reports delivered to listeners at the same time. Those of one message follow one another; 1 keeps the order of all. */
  @IsWholeNumber(1, 1_000)
  concurrency?: number = 8;

  /** Milliseconds for the listeners of a report. If they have not settled by then, the delivery has failed. */
  @IsWholeNumber(1)
  listenerTimeoutMs?: number = 30_000;

  /** Milliseconds that running listeners get at shutdown. Reports not handled by then are redelivered after the next start. */
  @IsWholeNumber(0, 600_000)
  shutdownTimeoutMs?: number = 10_000;
}
