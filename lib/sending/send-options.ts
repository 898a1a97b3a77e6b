import { MESSAGE_PARAMETERS } from '../dto/send-message.dto.js';
import type { Fault } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';
import type { SendMethod, WireOptions } from '../gateway/wire-options.js';

/** How one message is sent. */
export interface SendOptions extends WireOptions {
  /** A name of the caller for the message, 1 to 128 characters, such as `order-4711`. It is never sent to the gateway. */
  reference?: string;
}

const HALF_CHARACTER = 'contains half of a character (a surrogate without its pair): was an emoji cut?';
const OWN_PARAMETERS: readonly string[] = ['username', 'password', 'token', ...MESSAGE_PARAMETERS];

const MAX_REFERENCE_LENGTH = 128;

/**
 * Checks the options of a send: method, signal and reference, and that no extra parameter replaces a documented one.
 *
 * @throws {OurSmsValidationError} naming every fault
 */
export function checkSendOptions(
  options: object,
  account: string,
  methods: readonly SendMethod[],
  isTracked: boolean,
): void {
  const { method, extra, signal, reference } = options as Record<string, unknown>;
  const faults = extra === undefined ? [] : extraFaults(extra);
  if (signal !== undefined && !isSignal(signal)) {
    faults.unshift({ field: 'options.signal', reason: 'must be an AbortSignal' });
  }
  if (reference !== undefined) faults.unshift(...referenceFaults(reference, isTracked));
  if (method !== undefined && method !== 'POST' && method !== 'GET') {
    faults.unshift({ field: 'options.method', reason: 'must be POST or GET' });
  } else if (method !== undefined && !methods.includes(method)) {
    faults.unshift({ field: 'options.method', reason: 'must be POST: the JSON API (auth.apiKey) has no other form' });
  }
  if (faults.length > 0) throw new OurSmsValidationError('send', account, faults);
}

function referenceFaults(reference: unknown, isTracked: boolean): Fault[] {
  const field = 'options.reference';
  if (!isTracked) return [{ field, reason: 'needs tracking in the options of the account, such as tracking: {}' }];
  if (typeof reference !== 'string' || reference === '' || reference.length > MAX_REFERENCE_LENGTH) {
    return [{ field, reason: `must be a string of 1 to ${MAX_REFERENCE_LENGTH} characters` }];
  }
  return isWellFormed(reference) ? [] : [{ field, reason: HALF_CHARACTER }];
}

function extraFaults(extra: unknown): Fault[] {
  if (typeof extra !== 'object' || extra === null) return [{ field: 'options.extra', reason: 'must be an object' }];
  return Object.entries(extra).flatMap(([name, value]) => {
    const field = `options.extra.${name}`;
    if (OWN_PARAMETERS.includes(name)) return [{ field, reason: 'is a documented parameter: set it in the message' }];
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      return [{ field, reason: 'must be a string, a number or a boolean' }];
    }
    if (typeof value === 'number' && !Number.isFinite(value)) return [{ field, reason: 'must be a finite number' }];
    return isWellFormed(name + String(value)) ? [] : [{ field, reason: HALF_CHARACTER }];
  });
}

/** Whether a value is an `AbortSignal`, also one of another realm or library. */
function isSignal(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Record<string, unknown>;
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  );
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
