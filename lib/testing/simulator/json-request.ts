import type { AccountRegistry } from './account-registry.js';
import type { ParsedRequest } from './parsed-request.js';
import { Refusal } from './refusal.js';
import { nameForDisplay, RequestParameters } from './request-parameters.js';
import type { Route } from './routes.js';
import {
  checkDests,
  checkWhole,
  readCount,
  readMessageClass,
  SEND_NAMES,
  type SendParameters,
} from './send-parameters.js';
import type { SimulatorRequest } from './simulator.records.js';

/** Fields beyond those of the document that the JSON API has been seen to take. */
const EXTRA_NAMES = ['secure', 'transliteration'];
const TRANSLITERATIONS: readonly unknown[] = ['AUTO', 'NONE'];
const MOST_SENDERS = 200;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a request of the JSON API strictly: the key only in the header, JSON of the right types, no unknown field.
 *
 * @throws Refusal that names the first invalid field.
 */
export function readJsonApi(
  request: SimulatorRequest,
  { call, methods }: Route,
  accounts: AccountRegistry,
): ParsedRequest {
  if (!methods.includes(request.method)) throw Refusal.ofMethod(methods);
  const account = accounts.authenticateByKey(request.authorization);
  if (call === 'send') return { account, message: readMessage(readBody(request), accounts.secrets) };
  if (request.body !== '') throw new Refusal(400, 'a GET has no body');
  const names = call === 'dlrs' || call === 'senders' ? ['count'] : [];
  const values = new RequestParameters(request).strict(names, accounts.secrets);
  return { account, count: call === 'senders' ? readCount(values, MOST_SENDERS) : readCount(values) };
}

/** The fields of a body as text, for the request's record; none when the body is not a JSON object. */
export function recordedFields({ body }: SimulatorRequest): Record<string, string> {
  const fields = parse(body);
  return Object.fromEntries(Object.entries(fields ?? {}).map(([name, value]) => [name, textOf(value)]));
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function readBody({ query, contentType, body }: SimulatorRequest): Fields {
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')) {
    throw new Refusal(415, 'content type: must be application/json, in UTF-8');
  }
  if (query !== '') throw new Refusal(400, 'a POST takes its fields in the body, and none in the query');
  const fields = parse(body);
  if (fields === undefined) throw new Refusal(400, 'body: must be a JSON object in UTF-8');
  return fields;
}

/** @param body One character for each byte (latin1). */
function parse(body: string): Fields | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(body, 'latin1'));
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function readMessage(fields: Fields, secrets: readonly string[]): SendParameters {
  const known: readonly string[] = [...SEND_NAMES, ...EXTRA_NAMES];
  Object.keys(fields).forEach((name, index) => {
    if (!known.includes(name)) throw new Refusal(400, `${nameForDisplay(name, index, secrets)}: unknown field`);
    if (fields[name] === null) throw new Refusal(400, `${name}: must not be null`);
  });
  boolean(fields, 'secure');
  if (fields.transliteration !== undefined && !TRANSLITERATIONS.includes(fields.transliteration)) {
    throw new Refusal(400, 'transliteration: must be AUTO or NONE');
  }
  return {
    src: text(fields, 'src'),
    dests: dests(fields.dests),
    body: text(fields, 'body'),
    priority: wholeField(fields, 'priority', 4),
    delay: wholeField(fields, 'delay'),
    validity: wholeField(fields, 'validity'),
    maxParts: wholeField(fields, 'maxParts'),
    dlr: boolean(fields, 'dlr'),
    prevDups: wholeField(fields, 'prevDups'),
    msgClass: readMessageClass(fields.msgClass ?? ''),
  };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) throw new Refusal(400, `${name}: mandatory field missing`);
  if (typeof value !== 'string' || value === '') throw new Refusal(400, `${name}: must be a string that is not empty`);
  return value;
}

function dests(value: unknown): string[] {
  if (value === undefined) throw new Refusal(400, 'dests: mandatory field missing');
  if (!Array.isArray(value) || value.length === 0 || !value.every((dest): dest is string => typeof dest === 'string')) {
    throw new Refusal(400, 'dests: must be an array of strings that is not empty');
  }
  return checkDests(value);
}

function wholeField(fields: Fields, name: string, max?: number): number {
  const value = fields[name] ?? 0;
  return checkWhole(name, typeof value === 'number' ? value : NaN, { max });
}

function boolean(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false;
  if (typeof value !== 'boolean') throw new Refusal(400, `${name}: must be true or false`);
  return value;
}
