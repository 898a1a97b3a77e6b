import type { ValidationError } from 'class-validator';
import { ClassTransformer, Validator } from './rule-readers.js';

const transformer = new ClassTransformer();
const validator = new Validator();
const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false } as const;

/** A checked value, and its faults; none for a valid one. */
interface CheckedShape<T> {
  value: T;
  faults: { field: string; reason: string }[];
}

/** Converts a plain object to an instance of a class, and checks it by the rules of the class. Reasons never quote a value. */
export function checkShape<T extends object>(shape: new () => T, plain: object): CheckedShape<T> {
  const value = transformer.plainToInstance(shape, plain, { exposeDefaultValues: true });
  return { value, faults: validator.validateSync(value, STRICT).flatMap((error) => faultsOf(error)) };
}

function faultsOf(error: ValidationError, path = ''): { field: string; reason: string }[] {
  const field = path + error.property;
  const reasons = Object.entries(error.constraints ?? {}).map(([rule, text]) =>
    rule === 'whitelistValidation' ? 'is not known' : withoutPrefix(text, error.property),
  );
  const own = reasons.length > 0 ? [{ field, reason: [...new Set(reasons)].join(', ') }] : [];
  return [...own, ...(error.children ?? []).flatMap((child) => faultsOf(child, `${field}.`))];
}

/** The rules name their field, since a `ValidationPipe` shows the message alone. Here `field` has the name. */
const withoutPrefix = (text: string, property: string): string =>
  text.startsWith(`${property} `) ? text.slice(property.length + 1) : text;
