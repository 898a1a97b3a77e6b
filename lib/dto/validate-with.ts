import { ValidateBy } from './validation-rules.js';

/**
 * Makes a rule for a property.
 *
 * @param name Name of the rule, by which class-validator lists its fault.
 * @param faultOf Returns the fault of a value, worded to follow the property's name; undefined for a valid value. `object`: what the
 * property belongs to.
 */
export function ValidateWith(
  name: string,
  faultOf: (value: unknown, object: object | undefined) => string | undefined,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, args) => faultOf(value, args?.object) === undefined,
      defaultMessage: (args) => `$property ${faultOf(args?.value, args?.object)}`,
    },
  });
}
