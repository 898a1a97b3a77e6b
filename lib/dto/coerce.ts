import type { TransformFnParams } from 'class-transformer';
import { Transform, Type } from './transformation-rules.js';

/**
 * Keeps the value as it was given, also behind a `ValidationPipe` with `enableImplicitConversion: true`. That option turns
 * an object into text, `'false'` into `true` and `''` into 0 before a rule sees the value. class-transformer does not
 * convert a field with an explicit type; this type is undefined. Derived and mapped classes inherit it.
 */
export function AsGiven(): PropertyDecorator {
  return Type(() => undefined as never);
}

/**
 * Converts a whole number in a string (`'4'` of a query string or a form). Any other value stays unchanged, so that the next
 * rule can name the fault: no value becomes 0 by accident.
 */
export function WholeNumberFromText(): PropertyDecorator {
  return readingText((value) => (typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value));
}

const WRITTEN_BOOLEANS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [0, false],
  [1, true],
  ['0', false],
  ['1', true],
  ['false', false],
  ['true', true],
]);

/** Converts `0`, `1`, `'0'`, `'1'`, `'false'` and `'true'` to a boolean. Any other value stays unchanged. */
export function BooleanFromText(): PropertyDecorator {
  return readingText((value) => WRITTEN_BOOLEANS.get(value) ?? value);
}

function readingText(read: (value: unknown) => unknown): PropertyDecorator {
  const keep = AsGiven();
  const transform = Transform(({ value }: TransformFnParams): unknown => read(value));
  return (target, property) => {
    keep(target, property);
    transform(target, property);
  };
}
