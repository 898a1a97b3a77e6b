import { checkShape } from '../dto/check-shape.js';
import { CompiledRules } from '../dto/compiled-rules.js';
import { declaredFields } from '../dto/declared-fields.js';
import { readDestinations } from '../dto/destinations.js';
import { MESSAGE_PARAMETERS, SendMessageDto, type MessageToSend } from '../dto/send-message.dto.js';
import type { Fault } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import { countParts } from '../message/split-text.js';
import type { NumberCountry } from '../message/normalize-number.js';
import type { QuietHoursPolicy } from './keep-quiet-hours.js';

/** Options of an account that apply to every message. */
export interface MessagePolicy {
  account: string;
  country: NumberCountry;
  defaults: Partial<SendMessageDto>;
  divertTo?: string;
  quietHours?: QuietHoursPolicy;
}

/** A checked message with normalised recipients. */
export type PreparedMessage = Omit<SendMessageDto, 'dests'> & { dests: string[] };

const PARAMETERS: ReadonlySet<string> = new Set(MESSAGE_PARAMETERS);
const rules = new CompiledRules(SendMessageDto);

/**
 * Checks a message, typed or not, and prepares it: fills in the defaults, normalises the recipients, removes duplicates, and
 * applies `divertTo`. A text with more parts than `maxParts` is refused: the gateway would accept the message and cancel it.
 *
 * @param textOf Returns the text whose parts are counted; undefined when they cannot be counted yet. Default: the body.
 * @returns The message, and the number of repeated recipients that were left out.
 * @throws {OurSmsValidationError} naming every fault
 */
export function prepareMessage(
  message: MessageToSend,
  policy: MessagePolicy,
  textOf: (body: string) => string | undefined = (body) => body,
): { prepared: PreparedMessage; skipped: number } {
  const filled = fillIn(message, policy.defaults);
  const checked = rules.accept(filled)
    ? { value: filled as SendMessageDto, faults: [] }
    : checkShape(SendMessageDto, filled);
  const recipients = readDestinations(checked.value.dests, policy.country);
  const faults = [...checked.faults.filter(({ field }) => field !== 'dests'), ...recipients.faults];
  if (faults.length === 0) faults.push(...partsFaults(textOf(checked.value.body), checked.value));
  if (faults.length > 0) throw new OurSmsValidationError('send', policy.account, faults);
  const dests = policy.divertTo === undefined ? recipients.dests : [policy.divertTo];
  return { prepared: { ...checked.value, dests }, skipped: recipients.skipped };
}

/** @see OurSMS HTTP API, "1. Send Message": a message longer than `maxParts` is cancelled, not cut; 0 is no limit */
function partsFaults(text: string | undefined, { maxParts = 0 }: SendMessageDto): Fault[] {
  if (maxParts === 0 || text === undefined) return [];
  const parts = countParts(text);
  if (parts <= maxParts) return [];
  const reason = `the text takes ${parts} parts, maxParts is ${maxParts}: the gateway would cancel it`;
  return [{ field: 'maxParts', reason }];
}

/**
 * Fills the defaults into a message, also where a field is `undefined` or `null`. Leaves out fields that a class of the
 * application declares besides the parameters.
 */
function fillIn(message: unknown, defaults: Partial<SendMessageDto>): object {
  const given = typeof message === 'object' && message !== null ? Object.entries(message) : [];
  const declared = declaredFields(Object(message) as object);
  const isOwn = (name: string): boolean => declared.has(name) && !PARAMETERS.has(name);
  // Not by assignment: a parsed `__proto__` would become the prototype, and its fields would pass as fields of the message.
  return Object.fromEntries([
    ...Object.entries(defaults),
    ...given.filter(([name, value]) => value !== undefined && value !== null && !isOwn(name)),
  ]);
}
