import type { Fault } from './fault-kinds.js';
import { jsonResponse, SIMULATOR_ERROR_CODES } from './refusal.js';
import type { SimulatorResponse } from './simulator.records.js';

/** HTTP answer of the simulator. */
export interface WireReply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** Starts like JSON, but is neither JSON nor UTF-8. */
const GARBAGE = Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x3c, 0x21]);

const HTML = '<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Please try again</h1></body></html>';

/**
 * Replaces the engine's response by that of the fault; undefined when the fault sends no answer.
 *
 * @param response Undefined when the request was not processed.
 */
export function replyFor(fault: Fault | undefined, response: SimulatorResponse | undefined): WireReply | undefined {
  switch (fault?.kind) {
    case 'resetBefore':
    case 'resetAfter':
    case 'hang':
      return undefined;
    case 'garbage':
      return { ...jsonResponse(200, ''), body: fault.body ?? GARBAGE };
    case 'html':
      return { status: fault.status ?? 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: HTML };
    case 'empty':
      return { status: 200, headers: {}, body: '' };
    case 'huge':
      return { ...jsonResponse(200, ''), body: '' };
    case 'redirect':
      return { status: fault.status ?? 302, headers: { location: fault.location }, body: '' };
    case 'errorIn200': {
      const { errorCode = SIMULATOR_ERROR_CODES.prefix, message = 'prefix not supported' } = fault;
      return jsonResponse(200, { errorCode, message });
    }
    case 'rateLimit':
      return failure(429, 'too many requests', fault.retryAfter ?? 1);
    case 'unavailable':
      return failure(503, 'service unavailable', fault.retryAfter);
    case 'serverError':
      return failure(500, 'internal error');
    default:
      return response;
  }
}

function failure(status: number, message: string, retryAfter?: number | string): WireReply {
  const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` };
  return jsonResponse(status, { errorCode: status, message }, headers);
}
