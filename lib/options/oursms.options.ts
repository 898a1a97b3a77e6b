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
 * How the account proves itself, and by that the API that it uses: `{ username, password }` as the document has it, or
 * `{ username?, token }`, with api-a; `{ apiKey }` with the JSON API.
 */
export type OurSmsAuth = GatewayAuth;

/** Default parameters of every message. */
export type OurSmsMessageDefaults = Partial<Omit<SendMessageDto, 'dests' | 'body'>>;

/** How requests travel. */
export class OurSmsHttpOptions {
  /**
   * Milliseconds for one request, from when its turn has come (`rate`) to the last byte of the answer, the making of a connection
   * included.
   */
  @IsWholeNumber(1)
  timeoutMs?: number = 15_000;

  /** Milliseconds for a connection to be made, TLS included. */
  @IsWholeNumber(1)
  connectTimeoutMs?: number = 5_000;

  /** Connections to the gateway at the most; further requests wait for one, single messages before those of campaigns. */
  @IsWholeNumber(1, 1_000)
  maxConnections?: number = 16;

  /** Bytes of an answer at the most. A page of 500 reports is some 100 kB. */
  @IsWholeNumber(1_024, 1_073_741_824)
  maxResponseBytes?: number = 4 * 1024 * 1024;

  /** The `User-Agent` header. */
  @IsHeaderValue()
  userAgent?: string = `nestjs-oursms/${VERSION}`;
}

/** Which numbers are taken. */
export class OurSmsNumbersOptions {
  /** `SA`: Saudi mobiles only. `any`: numbers of other countries in international form as well. */
  @IsIn(['SA', 'any'], { message: '$property must be SA or any' })
  country?: NumberCountry = 'SA';
}

/** When promotional messages (`msgClass` promotional, or a sender that ends in `-AD`) should not go out. */
export class OurSmsQuietHoursOptions {
  /** When quiet hours begin, by the clock of Riyadh (UTC+3), as `HH:MM`. */
  @IsTimeOfDay()
  from!: string;

  /** When they end; earlier than `from` means on the next day. */
  @IsTimeOfDay()
  to!: string;

  /**
   * Handling of such a message. `warn`: it is sent, and a warning logged. `refuse`: an `OurSmsValidationError` says which
   * `delay` would do. `hold`: `delay` is raised until they end, which `SendReceipt.heldMinutes` says.
   */
  @IsIn(['warn', 'refuse', 'hold'], { message: '$property must be warn, refuse or hold' })
  action!: QuietHoursAction;
}

/**
 * Rate limit of the account's requests. A request above it waits, as long as it takes or until its `signal` is aborted: a single
 * message goes before the requests of campaigns.
 *
 * Each process keeps to it for itself, also where several share their `storage`: give each its part. The `rate` and the
 * `concurrency` of a campaign hold for all of them together.
 */
export class OurSmsRateOptions {
  /** Requests to send in any one second. Unset: no limit. */
  @IsOptional()
  @IsWholeNumber(1, 100_000)
  requestsPerSecond?: number;

  /** Requests at once after a rest; what follows is spread evenly. Unset: as many as `requestsPerSecond`. */
  @IsOptional()
  @IsWholeNumber(1, 100_000)
  burst?: number;

  /**
   * Requests to send that are on their way at a time. Unset, or more than that: `http.maxConnections`. Unless it is 1, campaigns
   * leave one of them to single messages.
   */
  @IsOptional()
  @IsWholeNumber(1, 1_000)
  concurrency?: number;

  /**
   * Calls of `send` that may wait in this process, for their turn or for their next try. The next one is refused at once with an
   * `OurSmsBusyError` (`notSent`, `retryable`). Requests of campaigns do not count: they wait in the store.
   */
  @IsWholeNumber(1, 1_000_000)
  maxWaiting?: number = 10_000;
}

/** How campaigns are sent. */
export class OurSmsCampaignOptions {
  /** Milliseconds between looks at the balance while a campaign is paused for want of credits. */
  @IsWholeNumber(10)
  creditsEveryMs?: number = 60_000;
}

/** When a message is sent again by itself. */
export class OurSmsRetryOptions {
  /** Tries for a message, the first included. 1: none is repeated. */
  @IsWholeNumber(1, 20)
  attempts?: number = 3;

  /** Milliseconds of the first wait at the most; twice as many each time, up to 10 s, of which a random part is waited. */
  @IsWholeNumber(1, 60_000)
  delayMs?: number = 500;

  /** Milliseconds from the first try within which the last must begin. What the first one waited for its turn does not count. */
  @IsWholeNumber(1)
  deadlineMs?: number = 60_000;

  /**
   * Handling of a try that may have been sent. `never`: the error is thrown. `guarded`: after `http.timeoutMs` the message is
   * sent again with a `prevDups` that covers the first try, so that the gateway refuses it if that was sent; not with `delay`.
   */
  @IsIn(['never', 'guarded'], { message: '$property must be never or guarded' })
  unknownOutcome?: UnknownOutcomeAction = 'never';
}

/** An engine of an entry of its own, such as `nestjs-oursms/bullmq`. */
export type OurSmsStorageEngine = QueueEngineSource;

/** Traces and metrics of an entry of its own: `openTelemetry()` of `nestjs-oursms/opentelemetry`. */
export type OurSmsTelemetry = TelemetrySource;

/** Where reports are kept from their download until they are handled. */
export interface OurSmsStorageOptions {
  /**
   * A directory on a local disk, made when it is missing; each account has one of its own inside. One process at a time can
   * use it. Default: `.oursms`.
   */
  path?: string;
}

/** The options of `OurSmsModule`. Only `auth` must be given. */
export class OurSmsModuleOptions {
  /**
   * The address of the API. https only, unless it is a loopback address or `allowInsecureHttp` is set. Default:
   * `https://api.oursms.com/api-a`, with an API key `https://api.oursms.com`.
   */
  @IsGatewayUrl()
  baseUrl?: string;

  /** Lets `baseUrl` be http: credentials and texts then travel in the clear. */
  @IsBoolean({ message: '$property must be true or false' })
  allowInsecureHttp?: boolean = false;

  /** The account's credentials. They decide which API of the provider is used. */
  @IsAuth()
  auth!: OurSmsAuth;

  /** Fields for every message that does not set them itself. */
  @IsObject({ message: '$property must be an object' })
  defaults?: OurSmsMessageDefaults = {};

  /** Sends every message to this one number instead of its recipients: for staging. */
  @IsOptional()
  @IsString({ message: '$property must be a phone number' })
  divertTo?: string;

  /** How requests travel. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsHttpOptions)
  http?: OurSmsHttpOptions = new OurSmsHttpOptions();

  /** When a message is sent again by itself: only when that cannot double it. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsRetryOptions)
  retry?: OurSmsRetryOptions = new OurSmsRetryOptions();

  /** How many requests the account makes, when its contract or the gateway limits them. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsRateOptions)
  rate?: OurSmsRateOptions = new OurSmsRateOptions();

  /** Which numbers are taken. */
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

  /** How campaigns are sent. */
  @IsObject({ message: '$property must be an object' })
  @ValidateNested()
  @Type(() => OurSmsCampaignOptions)
  campaigns?: OurSmsCampaignOptions = new OurSmsCampaignOptions();

  /**
   * Where reports are kept until they are handled, and campaigns until they are removed: a directory of this process, or an
   * engine that several processes share, such as `bullMqEngine()` of `nestjs-oursms/bullmq`. `'memory'`: nowhere.
   */
  @IsStorage()
  @Transform(({ obj }: { obj: OurSmsModuleOptions }) => obj.storage)
  storage?: OurSmsStorageOptions | OurSmsStorageEngine | 'memory' = { path: '.oursms' };

  /**
   * Records spans and metrics: `openTelemetry()` of `nestjs-oursms/opentelemetry`. Unset: nothing is recorded. Several accounts may
   * have the same value.
   */
  @IsOptional()
  @IsTelemetry()
  @Transform(({ obj }: { obj: OurSmsModuleOptions }) => obj.telemetry)
  telemetry?: OurSmsTelemetry;
}
