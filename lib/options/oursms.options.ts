import { IsWholeNumber } from '../dto/field-rules.js';
import type { SendMessageDto } from '../dto/send-message.dto.js';
import { Transform, Type } from '../dto/transformation-rules.js';
import { IsBoolean, IsIn, IsObject, IsOptional, IsString, ValidateNested } from '../dto/validation-rules.js';
import type { GatewayAuth } from '../gateway/account.js';
import type { NumberCountry } from '../message/normalize-number.js';
import { OurSmsDlrOptions } from './dlr.options.js';
import { OurSmsTrackingOptions } from './tracking.options.js';
import { IsAuth, IsGatewayUrl, IsHeaderValue, IsStorage, IsTelemetry, IsTimeOfDay } from './options-rules.js';
import type { QuietHoursAction } from '../sending/keep-quiet-hours.js';
import type { UnknownOutcomeAction } from '../sending/retry-policy.js';
import type { QueueEngineSource } from '../queue/queue-engine-source.js';
import type { TelemetrySource } from '../telemetry/telemetry-source.js';
import { VERSION } from '../version.js';

/**
 * Credentials of an account. They select the API: `{ username, password }` (the form in
 * the document) and `{ username?, token }` use api-a; `{ apiKey }` uses the JSON API.
 */
export type OurSmsAuth = GatewayAuth;

/** Default parameters of every message. */
export type OurSmsMessageDefaults = Partial<Omit<SendMessageDto, 'dests' | 'body'>>;

/** Limits of HTTP requests, and their `User-Agent`. */
export class OurSmsHttpOptions {
  /** Milliseconds for one request, from its turn (`rate`) to the last byte of the answer. Connecting is included. */
  @IsWholeNumber(1)
  timeoutMs?: number = 15_000;

  /** Milliseconds to connect, TLS included. */
  @IsWholeNumber(1)
  connectTimeoutMs?: number = 5_000;

  /** Maximum number of connections. Further requests wait for one, single messages before requests of campaigns. */
  @IsWholeNumber(1, 1_000)
  maxConnections?: number = 16;

  /** Maximum size of an answer in bytes. A page of 500 reports has about 100 kB. */
  @IsWholeNumber(1_024, 1_073_741_824)
  maxResponseBytes?: number = 4 * 1024 * 1024;

  /** The `User-Agent` header. */
  @IsHeaderValue()
  userAgent?: string = `nestjs-oursms/${VERSION}`;
}

/** Which phone numbers are accepted. */
export class OurSmsNumbersOptions {
  /** `SA`: Saudi mobiles only. `any`: numbers of other countries in international form as well. */
  @IsIn(['SA', 'any'], { message: '$property must be SA or any' })
  country?: NumberCountry = 'SA';
}

/** Hours in which promotional messages (`msgClass` promotional, or a sender that ends in `-AD`) should not be sent. */
export class OurSmsQuietHoursOptions {
  /** Start of the quiet hours in Riyadh (UTC+3), as `HH:MM`. */
  @IsTimeOfDay()
  from!: string;

  /** End of the quiet hours, as `HH:MM`. A time earlier than `from` is on the next day. */
  @IsTimeOfDay()
  to!: string;

  /**
   * Handling of a promotional message in quiet hours. `warn`: sends it and logs a warning. `refuse`: throws an
   * `OurSmsValidationError`, which names the `delay` that is needed. `hold`: raises `delay` to the end of quiet hours;
   * `SendReceipt.heldMinutes` has the minutes that were added.
   */
  @IsIn(['warn', 'refuse', 'hold'], { message: '$property must be warn, refuse or hold' })
  action!: QuietHoursAction;
}

/**
 * Rate limit of requests to send. A request above the limit waits for its turn, or until its `signal` is aborted. Single
 * messages go before the requests of campaigns.
 *
 * Each process applies the limit by itself, also where several share a `storage`: divide the limit among them. The `rate`
 * and the `concurrency` of a campaign apply to all processes together.
 */
export class OurSmsRateOptions {
  /** Requests to send in any one second. Unset: no limit. */
  @IsOptional()
  @IsWholeNumber(1, 100_000)
  requestsPerSecond?: number;

  /** Requests at once after a pause; the following ones are spread evenly. Default: `requestsPerSecond`. */
  @IsOptional()
  @IsWholeNumber(1, 100_000)
  burst?: number;

  /**
   * Requests to send in flight at a time. `http.maxConnections` is the default and the maximum. If it is more than 1,
   * campaigns leave one of them free for single messages.
   */
  @IsOptional()
  @IsWholeNumber(1, 1_000)
  concurrency?: number;

  /**
   * Calls of `send` that may wait in this process, for their turn or for their next try. A further call fails at once with
   * an `OurSmsBusyError` (`notSent`, `retryable`). Requests of campaigns do not count: they wait in the store.
   */
  @IsWholeNumber(1, 1_000_000)
  maxWaiting?: number = 10_000;
}

/** Options of campaigns. */
export class OurSmsCampaignOptions {
  /** Milliseconds between reads of the credits while a campaign is paused for lack of credits. */
  @IsWholeNumber(10)
  creditsEveryMs?: number = 60_000;
}

/** When the module sends a message again. */
export class OurSmsRetryOptions {
  /** Maximum number of tries for a message, the first included. 1: no retries. */
  @IsWholeNumber(1, 20)
  attempts?: number = 3;

  /** Upper bound of the first backoff in milliseconds. It doubles with each try, up to 10 s; the backoff is a random part of it. */
  @IsWholeNumber(1, 60_000)
  delayMs?: number = 500;

  /** Milliseconds from the first try within which the last one must start. The first try's wait for its turn does not count. */
  @IsWholeNumber(1)
  deadlineMs?: number = 60_000;

  /**
   * Handling of a try that may have been sent. `never`: the error is thrown. `guarded`: after `http.timeoutMs` the message
   * is sent again with a `prevDups` that covers the first try, so that the gateway refuses the repeat if the first try was
   * sent. A message with a `delay` gets no guarded repeat.
   */
  @IsIn(['never', 'guarded'], { message: '$property must be never or guarded' })
  unknownOutcome?: UnknownOutcomeAction = 'never';
}

/** A storage engine of another entry, such as `bullMqEngine()` of `nestjs-oursms/bullmq`. */
export type OurSmsStorageEngine = QueueEngineSource;

/** Traces and metrics: `openTelemetry()` of `nestjs-oursms/opentelemetry`. */
export type OurSmsTelemetry = TelemetrySource;

/** A directory that stores reports and campaigns. */
export interface OurSmsStorageOptions {
  /**
   * A directory on a local disk, created when it is missing. Each account has its own directory inside. One process at a
   * time can use it. Default: `.oursms`.
   */
  path?: string;
}

/** The options of `OurSmsModule`. Only `auth` is required. */
export class OurSmsModuleOptions {
  /**
   * Address of the API: https, unless it is a loopback address or `allowInsecureHttp` is set. Default:
   * `https://api.oursms.com/api-a`, with an API key `https://api.oursms.com`.
   */
  @IsGatewayUrl()
  baseUrl?: string;

  /** Permits http for `baseUrl`: credentials and texts are then sent unencrypted. */
  @IsBoolean({ message: '$property must be true or false' })
  allowInsecureHttp?: boolean = false;

  /** The account's credentials. They decide which API of the provider is used. */
  @IsAuth()
  auth!: OurSmsAuth;

  /** Fields of every message that does not set them itself. */
  @IsObject({ message: '$property must be an object' })
  defaults?: OurSmsMessageDefaults = {};

  /** Sends every message to this one number instead of its recipients: for staging. */
  @IsOptional()
  @IsString({ message: '$property must be a phone number' })
  divertTo?: string;

  /** Limits of HTTP requests, and their `User-Agent`. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsHttpOptions)
  http?: OurSmsHttpOptions = new OurSmsHttpOptions();

  /** When the module sends a message again: only when no recipient can get it twice. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsRetryOptions)
  retry?: OurSmsRetryOptions = new OurSmsRetryOptions();

  /** Rate limit of requests to send, if the contract or the gateway has one. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsRateOptions)
  rate?: OurSmsRateOptions = new OurSmsRateOptions();

  /** Which phone numbers are accepted. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsNumbersOptions)
  numbers?: OurSmsNumbersOptions = new OurSmsNumbersOptions();

  /** Hours without promotional messages, such as `{ from: '21:00', to: '09:00', action: 'hold' }`. Unset: none. */
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsQuietHoursOptions)
  quietHours?: OurSmsQuietHoursOptions;

  /** How delivery reports are received. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsDlrOptions)
  dlr?: OurSmsDlrOptions = new OurSmsDlrOptions();

  /** Finds the message of each report. Unset: nothing is tracked, and a send takes no `reference`. */
  @IsOptional()
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsTrackingOptions)
  tracking?: OurSmsTrackingOptions;

  /** Options of campaigns. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsCampaignOptions)
  campaigns?: OurSmsCampaignOptions = new OurSmsCampaignOptions();

  /**
   * Where reports are stored until they are handled, and campaigns until they are removed: a directory of this process, or
   * an engine that several processes share, such as `bullMqEngine()` of `nestjs-oursms/bullmq`. `'memory'`: in this process
   * only; they are lost when it ends.
   */
  @IsStorage()
  @Transform(({ obj }: { obj: OurSmsModuleOptions }) => obj.storage)
  storage?: OurSmsStorageOptions | OurSmsStorageEngine | 'memory' = { path: '.oursms' };

  /**
   * Records spans and metrics: `openTelemetry()` of `nestjs-oursms/opentelemetry`. Unset: nothing is recorded. Several
   * accounts may share one value.
   */
  @IsOptional()
  @IsTelemetry()
  @Transform(({ obj }: { obj: OurSmsModuleOptions }) => obj.telemetry)
  telemetry?: OurSmsTelemetry;
}
