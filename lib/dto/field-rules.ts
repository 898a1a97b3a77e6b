import { readDestinations } from './destinations.js';
import { ValidateWith } from './validate-with.js';
import { ValidateBy } from './validation-rules.js';

/** Maximum of the document's `int` parameters: 32 bits. */
export const MAX_INT = 2_147_483_647;

/** A whole number within a range, both ends included. */
export const IsWholeNumber = (min: number, max = MAX_INT): PropertyDecorator =>
  ValidateWith('isWholeNumber', (value) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return undefined;
    return `must be a whole number from ${min} to ${max}${isWrittenNumber(value) ? ', not a string' : ''}`;
  });

/** Text that is not empty and can be written in UTF-8. */
export const IsSendableText = (): PropertyDecorator => ValidateWith('isSendableText', textFault);

/** One or more phone numbers, in an array or separated by commas; at most 500 once duplicates are removed. */
export function IsDestinations(): PropertyDecorator {
  return ValidateBy({
    name: 'isDestinations',
    validator: {
      validate: (value) => readDestinations(value, 'any').faults.length === 0,
      defaultMessage: (args) =>
        readDestinations(args?.value, 'any')
          .faults.map(({ field, reason }) => `${field} ${reason}`)
          .join('; '),
    },
  });
}

/** A number in a string, such as the value of an environment variable. */
const isWrittenNumber = (value: unknown): boolean => typeof value === 'string' && /^\s*\d+\s*$/.test(value);

function textFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return 'must not be empty';
  if (/\p{Surrogate}/u.test(value))
    return 'contains half of a character (a surrogate without its pair): was an emoji cut?';
  return undefined;
}
