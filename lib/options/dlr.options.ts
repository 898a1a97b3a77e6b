import { MAX_DLR_COUNT } from '../dto/download-dlrs.dto.js';
import { IsWholeNumber } from '../dto/field-rules.js';
import { Type } from '../dto/transformation-rules.js';
import { IsObject, IsOptional, IsString, ValidateNested } from '../dto/validation-rules.js';
import { IsWebhookSecret } from './options-rules.js';

/** When delivery reports are downloaded: give `everyMs` or `cron`. */
export class OurSmsPollOptions {
  /** Milliseconds from the end of one poll to the next. A full download is followed by the next at once. */
  @IsOptional()
  @IsWholeNumber(10)
  everyMs?: number;

  /** A cron expression, read by the package `cron`, which @nestjs/schedule brings. */
  @IsOptional()
  @IsString({ message: '$property must be a cron expression' })
  cron?: string;

  /** Reports a download asks for, 1 to 500. It is also the most that a broken download can lose. */
  @IsWholeNumber(1, MAX_DLR_COUNT)
  count?: number = MAX_DLR_COUNT;
}

/** Delivery reports that the gateway pushes: to `OurSmsWebhook`, or to a controller of yours that calls `DlrInbox.accept`. */
export class OurSmsWebhookOptions {
  /**
   * The last part of the address that is entered at the gateway, by which a push proves that it comes from there: 16 to 100
   * random characters of `A-Z a-z 0-9 - . _ ~`.
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

  /** Take reports that the gateway pushes, and publish each as the event `oursms.dlr`; `poll` may be set as well. Unset: none. */
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsWebhookOptions)
  webhook?: OurSmsWebhookOptions;

  /** How often a report is offered to listeners that fail before it is given up as `oursms.dlr.failed`. */
  @IsWholeNumber(1, 1_000)
  maxAttempts?: number = 10;

  /** Milliseconds before a report is offered the second time; twice as long each time, up to a quarter of an hour. */
  @IsWholeNumber(1, 900_000)
  retryDelayMs?: number = 2_000;

  /** Reports that are with their listeners at a time. Those of one message follow one another; 1 keeps the order of all. */
  @IsWholeNumber(1, 1_000)
  concurrency?: number = 8;

  /** Milliseconds for the listeners of a report. When they have not settled by then, it counts as failed. */
  @IsWholeNumber(1)
  listenerTimeoutMs?: number = 30_000;

  /** Milliseconds that running listeners get when the application ends; their reports are offered again after the next start. */
  @IsWholeNumber(0, 600_000)
  shutdownTimeoutMs?: number = 10_000;
}
