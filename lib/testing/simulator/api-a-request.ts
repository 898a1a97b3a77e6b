import type { AccountRegistry } from './account-registry.js';
import type { ParsedRequest } from './parsed-request.js';
import { Refusal } from './refusal.js';
import { RequestParameters } from './request-parameters.js';
import type { Route } from './routes.js';
import { CREDENTIAL_NAMES, readCount, readSendParameters, SEND_NAMES } from './send-parameters.js';
import type { SimulatorRequest } from './simulator.records.js';

const NAMES: Partial<Record<Route['call'], readonly string[]>> = {
  send: [...CREDENTIAL_NAMES, ...SEND_NAMES],
  dlrs: [...CREDENTIAL_NAMES, 'count'],
  credits: CREDENTIAL_NAMES,
};

/**
 * Reads a request of api-a strictly, by the API document.
 *
 * @throws Refusal that names the first invalid parameter.
 */
export function readApiA(
  request: SimulatorRequest,
  { call, methods }: Route,
  accounts: AccountRegistry,
): ParsedRequest {
  checkForm(request, methods);
  const values = new RequestParameters(request).strict(NAMES[call] ?? [], accounts.secrets);
  const account = accounts.authenticate(values);
  if (call === 'send') return { account, message: readSendParameters(values) };
  return call === 'dlrs' ? { account, count: readCount(values) } : { account };
}

function checkForm({ method, query, contentType, body }: SimulatorRequest, methods: readonly string[]): void {
  if (!methods.includes(method)) throw Refusal.ofMethod(methods);
  if (method === 'GET') {
    if (body !== '') throw new Refusal(400, 'a GET takes its parameters in the query, and no body');
    return;
  }
  if (!/^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i.test(contentType ?? '')) {
    throw new Refusal(415, 'content type: must be application/x-www-form-urlencoded, in UTF-8');
  }
  if (query !== '') throw new Refusal(400, 'a POST takes its parameters in the body, and none in the query');
}
