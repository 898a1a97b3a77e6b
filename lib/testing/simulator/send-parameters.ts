import { Refusal } from './refusal.js';

/** Names of the credentials in every call of api-a. */
export const CREDENTIAL_NAMES = ['username', 'password', 'token'] as const;

/** Parameters of "1. Send Message" without the credentials. Only its examples show `maxParts`. */
export const SEND_NAMES = [
  'src',
  'dests',
  'body',
  'priority',
  'delay',
  'validity',
  'maxParts',
  'dlr',
  'prevDups',
  'msgClass',
] as const;

/** Maximum of recipients of one request. @see "1. Send Message", dests */
export const MAX_DESTS = 500;

/** Maximum of reports of one download. @see "2. Download Dlrs", count */
const MAX_COUNT = 500;

/** `int` in the document: 32 bits. */
const MAX_INT = 2_147_483_647;

/** Parameters of a "1. Send Message" request. Times are minutes, 0 means not set. */
export interface SendParameters {
  src: string;
  dests: string[];
  body: string;
  priority: number;
  delay: number;
  validity: number;
  maxParts: number;
  dlr: boolean;
  prevDups: number;
  msgClass: string;
}

/** @throws Refusal that names the first invalid parameter. */
export function readSendParameters(values: ReadonlyMap<string, string>): SendParameters {
  return {
    src: required(values, 'src'),
    dests: checkDests(required(values, 'dests').split(',')),
    body: required(values, 'body'),
    priority: wholeParameter(values, 'priority', { max: 4 }),
    delay: wholeParameter(values, 'delay'),
    validity: wholeParameter(values, 'validity'),
    maxParts: wholeParameter(values, 'maxParts'),
    dlr: wholeParameter(values, 'dlr', { max: 1 }) === 1,
    prevDups: wholeParameter(values, 'prevDups'),
    msgClass: readMessageClass(values.get('msgClass') ?? ''),
  };
}

/** @throws Refusal unless `count` is absent (100) or 1 to `max`. */
export function readCount(values: ReadonlyMap<string, string>, max = MAX_COUNT): number {
  return wholeParameter(values, 'count', { min: 1, max, unset: 100 });
}

function required(values: ReadonlyMap<string, string>, name: string): string {
  const value = values.get(name);
  if (value === undefined) throw new Refusal(400, `${name}: mandatory parameter missing`);
  if (value === '') throw new Refusal(400, `${name}: must not be empty`);
  return value;
}

function wholeParameter(
  values: ReadonlyMap<string, string>,
  name: string,
  { unset = 0, ...range }: { min?: number; max?: number; unset?: number } = {},
): number {
  const value = values.get(name);
  if (value === undefined) return unset;
  return checkWhole(name, /^(0|[1-9]\d*)$/.test(value) ? Number(value) : NaN, range);
}

/** @throws Refusal for anything but a whole number in the range. */
export function checkWhole(
  name: string,
  number: number,
  { min = 0, max = MAX_INT }: { min?: number; max?: number } = {},
): number {
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw new Refusal(400, `${name}: must be a whole number from ${min} to ${max}`);
}

/** @throws Refusal for an unknown class. */
export function readMessageClass(value: unknown): string {
  if (value === '' || value === 'transactional' || value === 'promotional') return value;
  throw new Refusal(400, 'msgClass: must be transactional, promotional or empty');
}

/** @throws Refusal for more than 500 destinations, or a destination that is not a number. */
export function checkDests(dests: string[]): string[] {
  if (dests.length > MAX_DESTS) throw new Refusal(400, `dests: more than ${MAX_DESTS} destinations`);
  dests.forEach((dest, index) => {
    const fault = faultOf(dest);
    if (fault !== undefined) throw new Refusal(400, `dests: destination ${index + 1} ${fault}`);
  });
  return dests;
}

function faultOf(dest: string): string | undefined {
  if (dest === '') return 'is empty';
  if (!/^\d+$/.test(dest)) return 'holds something other than digits';
  if (dest.startsWith('0')) return 'starts with 0: the country code comes first';
  if (dest.length < 8 || dest.length > 15) return 'must have 8 to 15 digits';
  if (dest.startsWith('9665') && dest.length !== 12) return 'is a Saudi mobile and must have 12 digits';
  return undefined;
}
