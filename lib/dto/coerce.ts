import type { TransformFnParams } from 'class-transformer';
import { Transform, Type } from './transformation-rules.js';

/**
 * Keeps the value as it was given, also behind a `ValidationPipe` with `enableImplicitConversion: true`. That option turns an
 * object into text, `'false'` into `true` and `''` into 0 before a rule sees the value. class-transformer converts no field
 * that names its type itself, and this names none. Derived and mapped classes inherit it.
 */
export function AsGiven(): PropertyDecorator {
  return Type(() => undefined as never);
}

/**
 * Reads a whole number written as text (`'4'`, as a query string or a form has it). Anything else stays as it is, so that
 * the rule behind it can name the fault; nothing becomes 0 by accident.
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

/** Reads `0`, `1`, `'0'`, `'1'`, `'false'` and `'true'` as the boolean they stand for. Anything else stays as it is. */
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
