import { ValidateBy } from '../dto/validation-rules.js';

/** A balance, which may be decimal, to compare with. */
export function IsCreditLimit(): PropertyDecorator {
  return ValidateBy({
    name: 'isCreditLimit',
    validator: {
      validate: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
      defaultMessage: () => '$property must be a number of 0 or more',
    },
  });
}
