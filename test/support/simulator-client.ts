import { request, type Agent, type IncomingHttpHeaders } from 'node:http';
import type { SimulatorEngine } from '../../lib/testing/simulator/simulator-engine.js';
import type { SimulatorRequest } from '../../lib/testing/simulator/simulator.records.js';

type Parameters = Record<string, string | number>;

/** The account that a simulator has by default. */
export const demo = { username: 'demo', password: 'demo' };

/** A message that is accepted as it is. */
export const hello = { ...demo, src: 'MyBrand', dests: '966501234567', body: 'hello' };

/** `name=value` pairs, percent-encoded throughout: a space is `%20`. */
export function encode(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** A POST of "1. Send Message", its parameters given or already encoded. */
export function post(parameters: Parameters | string): SimulatorRequest {
  const body = typeof parameters === 'string' ? parameters : encode(parameters);
  return { method: 'POST', path: '/api-a/msgs', query: '', contentType: 'application/x-www-form-urlencoded', body };
}

/** A GET of any path under `/api-a`, its parameters given or already encoded. */
export function get(path: string, parameters: Parameters | string = demo): SimulatorRequest {
  const query = typeof parameters === 'string' ? parameters : encode(parameters);
  return { method: 'GET', path: `/api-a${path}`, query, body: '' };
}

/** The header of the account that a simulator has by default. */
export const demoKey = 'Bearer demo-key';

/** A message that the JSON API accepts as it is. */
export const helloJson = { src: 'MyBrand', dests: ['966501234567'], body: 'hello' };

/** A POST of the JSON API, its body given or already written. */
export function postJson(fields: unknown, authorization: string | undefined = demoKey): SimulatorRequest {
  const body = Buffer.from(typeof fields === 'string' ? fields : JSON.stringify(fields)).toString('latin1');
  return { method: 'POST', path: '/msgs/sms', query: '', contentType: 'application/json', authorization, body };
}

/** A GET of any path of the JSON API. */
export function getJson(path: string, query = '', authorization: string | undefined = demoKey): SimulatorRequest {
  return { method: 'GET', path, query, authorization, body: '' };
}

/** What tests read by name out of the answer to "1. Send Message", or out of its refusal. */
export interface SendJson {
  jobId: string;
  acceptedMsgs: { msgId: string; dest: string }[];
  message?: string;
}

/** The status and the parsed body of the engine's answer. */
export function ask<Json = unknown>(engine: SimulatorEngine, asked: SimulatorRequest): { status: number; json: Json } {
  const { status, body } = engine.handle(asked);
  return { status, json: JSON.parse(body) as Json };
}

/** What came back over a socket; `fault` is the code of the error when the answer did not come whole. */
export interface WireResult {
  status?: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  fault?: string;
}

/** Sends one request over a real socket, and never rejects. Without an agent: on a connection of its own. */
export function overWire(
  base: string,
  asked: SimulatorRequest,
  { agent, signal }: { agent?: Agent; signal?: AbortSignal } = {},
): Promise<WireResult> {
  const query = asked.query === '' ? '' : `?${asked.query}`;
  const { contentType, authorization } = asked;
  const headers = {
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(authorization === undefined ? {} : { authorization }),
  };
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const result: WireResult = { headers: {}, body: Buffer.alloc(0) };
    const end = (error?: NodeJS.ErrnoException): void =>
      resolve({ ...result, body: Buffer.concat(chunks), fault: error && (error.code ?? error.name) });
    const { host } = new URL(base);
    const outgoing = request(
      `http://${host}${asked.path}${query}`,
      { method: asked.method, headers, agent: agent ?? false, signal },
      (response) => {
        Object.assign(result, { status: response.statusCode, headers: response.headers });
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => end());
        response.on('error', end);
      },
    );
    outgoing.on('error', end);
    outgoing.end(asked.body, contentType === 'application/json' ? 'latin1' : 'utf8');
  });
}
