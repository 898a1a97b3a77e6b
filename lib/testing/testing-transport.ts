import { TransportFault, type Transport, type WireRequest, type WireResponse } from '../gateway/transport.js';
import type { SimulatorEngine } from './simulator/simulator-engine.js';

/** Name of a failure that `OurSmsTesting.failNext` can cause. */
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

/** A transport without a network: it passes requests to the simulator's engine in this process. */
export function engineTransport(engine: SimulatorEngine, nextFailure: () => TestFailure | undefined): Transport {
  return {
    exchange: (request) => Promise.resolve().then(() => answer(request, engine, nextFailure())),
    close: () => Promise.resolve(),
  };
}

function answer(request: WireRequest, engine: SimulatorEngine, failure: TestFailure | undefined): WireResponse {
  request.trace.phase = failure === 'unreachable' ? 'waiting' : 'started';
  if (failure === 'unreachable') throw new TransportFault('connection', 'ECONNREFUSED', undefined);
  if (failure === 'timeout') throw new TransportFault('timeout', undefined, undefined);
  if (failure === 'garbage') return { status: 200, headers: {}, body: Buffer.from('not JSON') };
  const refusal = failure && Object.hasOwn(REFUSALS, failure) ? REFUSALS[failure] : undefined;
  if (refusal !== undefined) {
    const headers: WireResponse['headers'] = failure === 'rateLimit' ? { 'retry-after': '1' } : {};
    return { status: refusal.status, headers, body: Buffer.from(JSON.stringify(refusal)) };
  }
  const url = new URL(request.url);
  const { status, body, headers } = engine.handle({
    method: request.method,
    path: url.pathname,
    query: url.search.slice(1),
    contentType: request.headers['content-type'],
    authorization: request.headers['authorization'],
    // One character for each byte, as the engine expects.
    body: Buffer.from(request.data ?? '').toString('latin1'),
  });
  return { status, headers, body: Buffer.from(body) };
}
