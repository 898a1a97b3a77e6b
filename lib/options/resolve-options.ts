import { resolve } from 'node:path';
import { checkShape } from '../dto/check-shape.js';
import { SendMessageDto } from '../dto/send-message.dto.js';
import { describeFaults, OurSmsConfigError, type Fault } from '../errors/oursms-config.error.js';
import { oneLine } from '../errors/one-line.js';
import { providerAddress, type GatewayAccount } from '../gateway/account.js';
import { normalizeNumber } from '../message/normalize-number.js';
import type { OurSmsDlrOptions, OurSmsPollOptions, OurSmsWebhookOptions } from './dlr.options.js';
import {
  OurSmsModuleOptions,
  type OurSmsCampaignOptions,
  type OurSmsHttpOptions,
  type OurSmsNumbersOptions,
  type OurSmsRateOptions,
  type OurSmsRetryOptions,
} from './oursms.options.js';
import type { OurSmsTrackingOptions } from './tracking.options.js';
import type { MessagePolicy } from '../sending/prepare-message.js';
import type { RateLimits } from '../sending/turns.js';
import type { RetryPolicy } from '../sending/retry-policy.js';
import { accountDirectory } from '../queue/key-part.js';
import type { QueueEngineSource } from '../queue/queue-engine-source.js';
import type { TelemetrySource } from '../telemetry/telemetry-source.js';

/** The checked and complete options of an account, grouped by the folder that uses them. */
export interface ResolvedOptions {
  gateway: GatewayAccount;
  messages: MessagePolicy;
  retry: RetryPolicy;
  rate: RateLimits & { maxWaiting: number };
  /** Unset: nothing is tracked. */
  tracking?: Required<OurSmsTrackingOptions>;
  campaigns: Required<OurSmsCampaignOptions>;
  dlr: Required<Omit<OurSmsDlrOptions, 'poll' | 'webhook'>> & {
    poll?: OurSmsPollOptions & { count: number };
    webhook?: OurSmsWebhookOptions;
  };
  /** The directory of this account, an engine, or `'memory'`. */
  storage: { path: string } | QueueEngineSource | 'memory';
  telemetry?: TelemetrySource;
}

/**
 * Checks the options of an account and fills in the defaults.
 *
 * @throws {OurSmsConfigError} that names every faulty field and shows no value
 */
export function resolveOptions(raw: unknown, account: string): ResolvedOptions {
  if (typeof raw !== 'object' || raw === null) {
    throw new OurSmsConfigError(
      `OurSmsModule (account ${oneLine(String(account))}) got no options: its factory must return an object.`,
    );
  }
  const { value: options, faults } = checkShape(OurSmsModuleOptions, raw);
  const all = [
    ...nameFaults(account),
    ...faults.map(explain),
    ...defaultsFaults(options.defaults),
    ...pollFaults(options),
    ...rateFaults(options),
    ...trackingFaults(options),
    ...divertFaults(options),
    ...quietHoursFaults(options),
  ];
  if (all.length > 0) {
    throw new OurSmsConfigError(
      `OurSmsModule (account ${oneLine(String(account))}) cannot start: ${describeFaults(all)}.`,
      all,
    );
  }
  const http = options.http as Required<OurSmsHttpOptions>;
  const numbers = options.numbers as Required<OurSmsNumbersOptions>;
  // As the URL parser reads it: without white space around it, its path escaped.
  const { origin, pathname } = new URL(options.baseUrl ?? providerAddress(options.auth));
  const baseUrl = origin + pathname.replace(/\/+$/, '');
  return {
    gateway: { name: account, baseUrl, auth: options.auth, ...http },
    messages: {
      account,
      country: numbers.country,
      defaults: options.defaults ?? {},
      divertTo: divertNumber(options),
      quietHours: options.quietHours ?? undefined,
    },
    rate: rateOf(options, http),
    tracking: options.tracking as Required<OurSmsTrackingOptions> | undefined,
    campaigns: options.campaigns as Required<OurSmsCampaignOptions>,
    retry: { ...(options.retry as Required<OurSmsRetryOptions>), timeoutMs: http.timeoutMs },
    dlr: options.dlr as ResolvedOptions['dlr'],
    storage: storageOf(options, account),
    telemetry: options.telemetry ?? undefined,
  };
}

/** The name of an account is used in logs, in tokens and in the name of its directory. */
function nameFaults(account: unknown): Fault[] {
  if (typeof account !== 'string') return [{ field: 'name', reason: 'must be a string' }];
  return oneLine(account) === account ? [] : [{ field: 'name', reason: 'must not contain control characters' }];
}

/** `isGlobal` and `name` are documented fields, but not of the options: the reason says where they belong. */
function explain(fault: Fault): Fault {
  const extra = fault.field === 'isGlobal' || fault.field === 'name';
  return extra
    ? { ...fault, reason: 'belongs beside useFactory, useClass or useExisting, not in the options that they return' }
    : fault;
}

/** Checks the defaults by the rules of a message, and refuses fields that belong to each message. */
function defaultsFaults(defaults: unknown): Fault[] {
  if (typeof defaults !== 'object' || defaults === null) return [];
  const own = ['dests', 'body'];
  const misplaced = own.filter((field) => Object.hasOwn(defaults, field));
  const { faults } = checkShape(SendMessageDto, defaults);
  return [
    ...misplaced.map((field) => ({ field: `defaults.${field}`, reason: 'belongs to each message' })),
    ...faults
      .filter(({ field }) => !own.includes(field) && Object.hasOwn(defaults, field))
      .map(({ field, reason }) => ({ field: `defaults.${field}`, reason })),
  ];
}

function pollFaults({ dlr }: OurSmsModuleOptions): Fault[] {
  const poll = dlr?.poll;
  if (typeof poll !== 'object' || poll === null) return [];
  const given = [poll.everyMs, poll.cron].filter((value) => value !== undefined);
  return given.length === 1 ? [] : [{ field: 'dlr.poll', reason: 'give either everyMs or cron' }];
}

function rateFaults({ rate }: OurSmsModuleOptions): Fault[] {
  if (rate?.burst === undefined || rate.burst <= (rate.requestsPerSecond ?? 0)) return [];
  return [{ field: 'rate.burst', reason: 'must not be more than rate.requestsPerSecond' }];
}

function trackingFaults({ tracking }: OurSmsModuleOptions): Fault[] {
  const { missingAfterMs, keepForMs } = (tracking ?? {}) as Required<OurSmsTrackingOptions>;
  if (typeof missingAfterMs !== 'number' || typeof keepForMs !== 'number' || missingAfterMs <= keepForMs) return [];
  return [{ field: 'tracking.keepForMs', reason: 'must not be less than tracking.missingAfterMs' }];
}

/** Requests without a free connection must wait for a turn, where single messages go first, and not in the connection pool. */
function rateOf(
  { rate }: OurSmsModuleOptions,
  { maxConnections }: Required<OurSmsHttpOptions>,
): ResolvedOptions['rate'] {
  const { maxWaiting } = rate as Required<OurSmsRateOptions>;
  return { ...rate, maxWaiting, concurrency: Math.min(rate?.concurrency ?? Infinity, maxConnections) };
}

function divertFaults(options: OurSmsModuleOptions): Fault[] {
  if (typeof options.divertTo !== 'string') return [];
  return divertNumber(options) === undefined ? [{ field: 'divertTo', reason: 'is not a phone number' }] : [];
}

function quietHoursFaults({ quietHours }: OurSmsModuleOptions): Fault[] {
  if (typeof quietHours?.from !== 'string' || quietHours.from !== quietHours.to) return [];
  return [{ field: 'quietHours.to', reason: 'must differ from quietHours.from: a whole day cannot be quiet' }];
}

/** Each account has its own directory: an open directory is locked. */
function storageOf({ storage }: OurSmsModuleOptions, account: string): ResolvedOptions['storage'] {
  if (storage === 'memory' || isEngine(storage)) return storage;
  return { path: resolve(storage?.path ?? '.oursms', accountDirectory(account)) };
}

const isEngine = (storage: OurSmsModuleOptions['storage']): storage is QueueEngineSource =>
  typeof storage === 'object' && 'openEngine' in storage;

function divertNumber({ divertTo, numbers }: OurSmsModuleOptions): string | undefined {
  const result = normalizeNumber(divertTo ?? '', { country: numbers?.country });
  return result.ok ? result.number : undefined;
}
