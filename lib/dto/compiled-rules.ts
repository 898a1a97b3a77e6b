import type { ValidationArguments, ValidatorConstraintInterface } from 'class-validator';
import { getMetadataStorage } from './rule-readers.js';

type Rule = (value: unknown, object: object) => boolean;

interface FieldRules {
  /** Whether the field's other rules hold for an object; undefined means always. */
  applies?: (object: object, value: unknown) => boolean;
  rules: Rule[];
}

/**
 * The rules that a class declares to class-validator, read once: a quick yes for what is right as it is, at a tenth of the
 * time that class-validator takes to walk them. Faults are left to class-validator to name.
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

  /** Whether an object has no unknown field and passes every rule as it is. */
  hold(object: object): boolean {
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
