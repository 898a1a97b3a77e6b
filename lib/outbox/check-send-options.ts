import { MESSAGE_PARAMETERS } from '../dto/send-message.dto.js';
import type { Fault } from '../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../errors/oursms-validation.error.js';

const OWN_PARAMETERS: readonly string[] = ['username', 'password', 'token', ...MESSAGE_PARAMETERS];

/**
 * Checks how a message is to be sent: the method, and that no extra parameter replaces a documented one.
 *
 * @throws {OurSmsValidationError} naming every fault
 */
export function checkSendOptions({ method, extra }: { method?: unknown; extra?: unknown }, account: string): void {
  const faults = extra === undefined ? [] : extraFaults(extra);
  if (method !== undefined && method !== 'POST' && method !== 'GET') {
    faults.unshift({ field: 'options.method', reason: 'must be POST or GET' });
  }
  if (faults.length > 0) throw new OurSmsValidationError('send', account, faults);
}

function extraFaults(extra: unknown): Fault[] {
  if (typeof extra !== 'object' || extra === null) return [{ field: 'options.extra', reason: 'must be an object' }];
  return Object.entries(extra).flatMap(([name, value]) => {
    const field = `options.extra.${name}`;
    if (OWN_PARAMETERS.includes(name)) return [{ field, reason: 'is a parameter of its own' }];
    return ['string', 'number', 'boolean'].includes(typeof value)
      ? []
      : [{ field, reason: 'must be a string, a number or a boolean' }];
  });
}
