import type { AxiosResponse } from 'axios';
import type { Transport } from '../gateway/http-service.js';
import { TransportFault, type TracedRequest } from '../gateway/request-trace.js';
import type { SimulatorEngine } from './simulator/simulator-engine.js';

/** How the next call fails. */
export type TestFailure =
  'auth' | 'balance' | 'sender' | 'routing' | 'rateLimit' | 'server' | 'timeout' | 'unreachable' | 'garbage';

const REFUSALS: Partial<Record<TestFailure, { status: number; errorCode: number; message: string }>> = {
  auth: { status: 401, errorCode: 1001, message: 'wrong credentials' },
  balance: { status: 402, errorCode: 1008, message: 'insufficient balance' },
  sender: { status: 400, errorCode: 6307, message: 'source address not allowed' },
  routing: { status: 400, errorCode: 6208, message: 'prefix not supported' },
  rateLimit: { status: 429, errorCode: 429, message: 'too many requests' },
  server: { status: 500, errorCode: 500, message: 'internal error' },
};

/** A transport without a network: it hands requests to the simulator's engine, in this process. */
export function engineTransport(engine: SimulatorEngine, nextFailure: () => TestFailure | undefined): Transport {
  return {
    adapter: (request) => Promise.resolve().then(() => answer(request, engine, nextFailure())),
    close: () => Promise.resolve(),
  };
}

function answer(request: TracedRequest, engine: SimulatorEngine, failure: TestFailure | undefined): AxiosResponse {
  if (request.trace) request.trace.phase = failure === 'unreachable' ? 'waiting' : 'started';
  if (failure === 'unreachable') throw new TransportFault('connection', 'ECONNREFUSED', undefined, '');
  if (failure === 'timeout') throw new TransportFault('timeout', undefined, undefined, '');
  const respond = (status: number, data: string, headers: Record<string, string> = {}): AxiosResponse => ({
    status,
    statusText: '',
    headers,
    config: request,
    data,
  });
  if (failure === 'garbage') return respond(200, 'not JSON');
  const refusal = failure && REFUSALS[failure];
  if (refusal)
    return respond(refusal.status, JSON.stringify(refusal), failure === 'rateLimit' ? { 'retry-after': '1' } : {});
  const url = new URL(request.url ?? '');
  const { status, body, headers } = engine.handle({
    method: (request.method ?? 'get').toUpperCase(),
    path: url.pathname,
    query: url.search.slice(1),
    contentType: request.headers.get('content-type')?.toString(),
    body: (request.data as string | undefined) ?? '',
  });
  return respond(status, body, headers);
}
