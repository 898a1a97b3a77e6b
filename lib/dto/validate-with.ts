import { ValidateBy } from './validation-rules.js';

/**
 * A rule of a property.
 *
 * @param faultOf What is wrong with a value of the property in an object, as a continuation of its name; undefined if nothing.
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
