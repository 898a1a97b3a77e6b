import type { TransformFnParams } from 'class-transformer';
import { Transform } from './transformation-rules.js';

/**
 * Reads a whole number written as text (`'4'`, as a query string or a form has it). Anything else stays as it is, so that
 * the rule behind it can name the fault; nothing becomes 0 by accident.
 */
export function WholeNumberFromText(): PropertyDecorator {
  return Transform(({ value }: TransformFnParams): unknown =>
    typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value,
  );
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
  return Transform(({ value }: TransformFnParams): unknown => WRITTEN_BOOLEANS.get(value) ?? value);
}
