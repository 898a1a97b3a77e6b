import { getMetadataStorage } from './rule-readers.js';

const NONE: ReadonlySet<string> = new Set();
const known = new WeakMap<object, ReadonlySet<string>>();

/** The names of the fields that the class of an object declares to class-validator; none for a plain object. */
export function declaredFields(object: object): ReadonlySet<string> {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || typeof prototype !== 'object' || prototype === null) return NONE;
  let fields = known.get(prototype);
  if (fields === undefined) known.set(prototype, (fields = readFields(prototype)));
  return fields;
}

function readFields({ constructor }: object): ReadonlySet<string> {
  if (typeof constructor !== 'function') return NONE;
  const rules = getMetadataStorage().getTargetValidationMetadatas(constructor, '', false, false);
  return new Set(rules.map(({ propertyName }) => propertyName));
}
