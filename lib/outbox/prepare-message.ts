import { checkShape } from '../dto/check-shape.js';
import { readDestinations } from '../dto/destinations.js';
import { SendMessageDto, type MessageToSend } from '../dto/send-message.dto.js';
import type { Fault } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import type { NumberCountry } from '../message/normalize-number.js';

/** What the options of an account say about every message. */
export interface MessagePolicy {
  account: string;
  country: NumberCountry;
  defaults: Partial<SendMessageDto>;
  divertTo?: string;
}

/** A message that may be sent: checked, with normalised recipients. */
export type PreparedMessage = Omit<SendMessageDto, 'dests'> & { dests: string[]; skipped: number };

/**
 * Checks a message, typed or not, and makes it ready: defaults filled in, recipients normalised, duplicates removed, and
 * diverted when the account says so.
 *
 * @throws {OurSmsValidationError} naming every fault
 */
export function prepareMessage(message: MessageToSend, policy: MessagePolicy): PreparedMessage {
  const { value, faults } = checkShape(SendMessageDto, { ...policy.defaults, ...setFieldsOf(message) });
  const recipients = readDestinations(value.dests, policy.country);
  const all = [...faults.filter(({ field }) => field !== 'dests'), ...recipients.faults];
  if (all.length > 0) throw new OurSmsValidationError('send', policy.account, all);
  return { ...value, dests: policy.divertTo ? [policy.divertTo] : recipients.dests, skipped: recipients.skipped };
}

/** The fields that are set: an explicit `undefined` or `null` is no reason to lose a default. */
function setFieldsOf(message: unknown): Record<string, unknown> {
  if (typeof message !== 'object' || message === null) return {};
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== undefined && value !== null));
}

const OWN_PARAMETERS = [
  ...['username', 'password', 'token', 'src', 'dests', 'body', 'priority', 'delay', 'validity'],
  ...['maxParts', 'dlr', 'prevDups', 'msgClass'],
];

/**
 * Checks how a message is to be sent: the method, and that no extra parameter replaces a documented one.
 *
 * @throws {OurSmsValidationError} naming every fault
 */
export function checkSendOptions(options: { method?: unknown; extra?: unknown }, account: string): void {
  const { method, extra } = options;
  const methodFaults: Fault[] =
    method === undefined || method === 'POST' || method === 'GET'
      ? []
      : [{ field: 'options.method', reason: 'must be POST or GET' }];
  const faults = [...methodFaults, ...extraFaults(extra)];
  if (faults.length > 0) throw new OurSmsValidationError('send', account, faults);
}

function extraFaults(extra: unknown): Fault[] {
  if (extra === undefined) return [];
  if (typeof extra !== 'object' || extra === null) return [{ field: 'options.extra', reason: 'must be an object' }];
  return Object.entries(extra).flatMap(([name, value]) => {
    const field = `options.extra.${name}`;
    if (OWN_PARAMETERS.includes(name)) return [{ field, reason: 'is a parameter of its own' }];
    return ['string', 'number', 'boolean'].includes(typeof value)
      ? []
      : [{ field, reason: 'must be a string, a number or a boolean' }];
  });
}
