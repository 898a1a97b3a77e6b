import { createHash } from 'node:crypto';
import type { Fault } from '../../errors/oursms-config.error.js';
import { OurSmsValidationError } from '../../errors/oursms-validation.error.js';
import { prepareMessage, type MessagePolicy } from '../../sending/prepare-message.js';
import type { CampaignDraft, CampaignMessage, CampaignPlan } from '../campaign.types.js';
import type { CampaignFacts } from '../store/campaign-record.js';
import { TextTemplate } from './text-template.js';

/** Any valid number: the message is checked before its recipients are read. */
const ANY_NUMBER = '966500000000';

type Given = Partial<Record<keyof CampaignPlan, unknown>>;

/** A valid plan. */
export interface CheckedPlan {
  plan: CampaignPlan;
  message: CampaignFacts['message'];
  digest: string;
}

/** Checks a plan. @throws {OurSmsValidationError} naming every fault */
export function checkedPlan(plan: CampaignPlan, policy: MessagePolicy): CheckedPlan {
  const faults = planFaults(plan);
  if (faults.length > 0) throw new OurSmsValidationError('send', policy.account, faults);
  const message = checkedMessage(plan.message, policy);
  return { plan, message, digest: createHash('sha256').update(JSON.stringify(message)).digest('base64url') };
}

/** Checks the draft of a campaign. @throws {OurSmsValidationError} naming every fault */
export function checkedDraft(draft: CampaignDraft, policy: MessagePolicy): CampaignFacts['message'] {
  const faults = draftFaults(draft);
  if (faults.length > 0) throw new OurSmsValidationError('send', policy.account, faults);
  return checkedMessage(draft.message, policy);
}

function checkedMessage(message: CampaignMessage, policy: MessagePolicy): CampaignFacts['message'] {
  // The parts of a text with fields depend on the recipient.
  const textOf = (body: string): string | undefined => new TextTemplate(body).same;
  const { prepared } = prepareMessage({ ...message, dests: [ANY_NUMBER] }, policy, textOf);
  const fields = Object.entries(prepared).filter(([name]) => name !== 'dests');
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1))) as unknown as CampaignFacts['message'];
}

/** Faults of a plan, without those of its message. */
function planFaults(plan: unknown): Fault[] {
  const { id, rate, concurrency } = (plan ?? {}) as Given;
  const faults: Fault[] = [];
  if (typeof id !== 'string' || id === '' || id.length > 200 || /\p{Surrogate}/u.test(id)) {
    faults.push({ field: 'id', reason: 'must be a string of 1 to 200 characters' });
  }
  faults.push(...draftFaults(plan));
  if (rate !== undefined && !isWhole(rate, 100_000)) {
    faults.push({ field: 'rate', reason: 'must be a whole number from 1 to 100000' });
  }
  if (concurrency !== undefined && !isWhole(concurrency, 1_000)) {
    faults.push({ field: 'concurrency', reason: 'must be a whole number from 1 to 1000' });
  }
  return faults;
}

/** Faults of a draft, without those of its message. */
function draftFaults(draft: unknown): Fault[] {
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

/** A string is iterable too, but never meant as a list of recipients. */
function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

const isWhole = (value: unknown, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;
