import type { Fault } from '../../errors/oursms-config.error.js';
import type { CampaignPlan } from '../campaign.types.js';

type Given = Partial<Record<keyof CampaignPlan, unknown>>;

/** Faults of a plan besides its message. */
export function checkPlan(plan: unknown): Fault[] {
  const { id, rate, concurrency } = (plan ?? {}) as Given;
  const faults: Fault[] = [];
  if (typeof id !== 'string' || id === '' || id.length > 200 || /\p{Surrogate}/u.test(id)) {
    faults.push({ field: 'id', reason: 'must be a string of 1 to 200 characters' });
  }
  faults.push(...checkDraft(plan));
  if (rate !== undefined && !isWhole(rate, 100_000)) {
    faults.push({ field: 'rate', reason: 'must be a whole number from 1 to 100000' });
  }
  if (concurrency !== undefined && !isWhole(concurrency, 1_000)) {
    faults.push({ field: 'concurrency', reason: 'must be a whole number from 1 to 1000' });
  }
  return faults;
}

/** Faults of a draft besides its message. */
export function checkDraft(draft: unknown): Fault[] {
  const { message, recipients } = (draft ?? {}) as Given;
  const faults: Fault[] = [];
  if (typeof message !== 'object' || message === null) faults.push({ field: 'message', reason: 'must be an object' });
  else if (Object.hasOwn(message, 'dests')) {
    faults.push({ field: 'message.dests', reason: 'is not known: give recipients beside the message' });
  }
  if (!isIterable(recipients)) {
    faults.push({
      field: 'recipients',
      reason: 'must be an array, or another iterable or async iterable, of recipients',
    });
  }
  return faults;
}

/** A string is iterable too, character by character, and never meant. */
function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

const isWhole = (value: unknown, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
