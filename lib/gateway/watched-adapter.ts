import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';
import { bodyOf, decodeBody } from './decode-body.js';
import { readField } from './safe-cause.js';
import { TransportFault, type RequestTrace, type WireResponse } from './transport.js';

/** An answer of axios. */
interface HttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  data: unknown;
}

/** Whether a value is an answer of axios. An interceptor may return anything. */
export const isHttpAnswer = (value: unknown): value is HttpAnswer => typeof readField(value, 'status') === 'number';

/**
 * Wraps an adapter of the application: notes its answers in the trace before an interceptor sees them. Requests bytes, unless the
 * application has set another `responseType`: a text that the adapter decoded wrongly could not be decoded again.
 *
 * @param maxBytes Limit of the decompressed answer.
 */
export function watchedAdapter(adapter: AxiosAdapter, trace: RequestTrace, maxBytes: number): AxiosAdapter {
  return async (config) => {
    trace.usedForeignAdapter = true;
    const before = trace.tries.length;
    const wantsBytes = config.responseType === undefined;
    try {
      const response = await adapter(wantsBytes ? withBytes(config) : config);
      const answer = toWire(response);
      // The adapter may have called our own, which has already noted the answer.
      if (trace.tries.length === before) trace.tries.push(answer);
      const isBinary = wantsBytes && bytesOf(response.data) !== undefined;
      const data: unknown = isBinary ? (await decodeBody(bodyOf(answer), maxBytes)).text : response.data;
      return { ...response, data, config };
    } catch (thrown) {
      if (trace.tries.length === before) trace.tries.push(endOf(thrown));
      throw thrown;
    }
  };
}

/** The answer as bytes. An adapter that returns a string has decoded the body: its headers no longer apply. */
export function toWire({ status, headers, data }: HttpAnswer): WireResponse {
  const named = Object.entries(headers ?? {}).map(([name, value]): [string, unknown] => [name.toLowerCase(), value]);
  const bytes = bytesOf(data);
  const kept = named.filter(([name]) => bytes !== undefined || !['content-type', 'content-encoding'].includes(name));
  return {
    status,
    headers: Object.fromEntries(kept) as WireResponse['headers'],
    body: bytes ?? Buffer.from(textOf(data)),
  };
}

const withBytes = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => ({
  ...config,
  responseType: 'arraybuffer',
  decompress: config.decompress ?? false,
});

/** The answer inside an adapter's error, or a fault when there is none. */
function endOf(thrown: unknown): WireResponse | TransportFault {
  const response = readField(thrown, 'response');
  return isHttpAnswer(response) ? toWire(response) : new TransportFault('connection', undefined, undefined);
}

function bytesOf(data: unknown): Buffer | undefined {
  if (Buffer.isBuffer(data)) return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  // Not by instanceof: the buffer may come from another realm.
  return Object.prototype.toString.call(data) === '[object ArrayBuffer]' ? Buffer.from(data as ArrayBuffer) : undefined;
}

/** The data as text. An interceptor or an adapter may have parsed it. */
export function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  try {
    return JSON.stringify(data) ?? '';
  } catch {
    return '';
  }
}
