import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';
import { bodyOf, decodeBody } from './decode-body.js';
import { read } from './safe-cause.js';
import { TransportFault, type RequestTrace, type WireResponse } from './transport.js';

/** An answer as axios and its interceptors have it. */
interface HttpAnswer {
  status: number;
  headers: Record<string, unknown>;
  data: unknown;
}

/** Whether this is an answer. An interceptor may have put something else in its place. */
export const isHttpAnswer = (value: unknown): value is HttpAnswer => typeof read(value, 'status') === 'number';

/**
 * An adapter of the application whose answers are noted in the trace before an interceptor sees them. It is asked for bytes,
 * unless the application has asked for something else: what it would make a text of could not be decoded any more.
 *
 * @param maxBytes What a compressed answer may come to.
 */
export function watchedAdapter(adapter: AxiosAdapter, trace: RequestTrace, maxBytes: number): AxiosAdapter {
  return async (config) => {
    trace.usedForeignAdapter = true;
    const before = trace.tries.length;
    const wantsBytes = config.responseType === undefined;
    try {
      const response = await adapter(wantsBytes ? askingForBytes(config) : config);
      const came = toWire(response);
      // It may have passed the request on to our own adapter.
      if (trace.tries.length === before) trace.tries.push(came);
      const isBinary = wantsBytes && bytesOf(response.data) !== undefined;
      const data: unknown = isBinary ? (await decodeBody(bodyOf(came), maxBytes)).text : response.data;
      return { ...response, data, config };
    } catch (thrown) {
      if (trace.tries.length === before) trace.tries.push(endOf(thrown));
      throw thrown;
    }
  };
}

/** The answer as bytes. An adapter that returns a string has decoded it, whatever the headers still say. */
export function toWire({ status, headers, data }: HttpAnswer): WireResponse {
  const named = Object.entries(headers ?? {}).map(([name, value]): [string, unknown] => [name.toLowerCase(), value]);
  const bytes = bytesOf(data);
  const said = named.filter(([name]) => bytes !== undefined || !['content-type', 'content-encoding'].includes(name));
  return {
    status,
    headers: Object.fromEntries(said) as WireResponse['headers'],
    body: bytes ?? Buffer.from(textOf(data)),
  };
}

const askingForBytes = (config: InternalAxiosRequestConfig): InternalAxiosRequestConfig => ({
  ...config,
  responseType: 'arraybuffer',
  decompress: config.decompress ?? false,
});

/** The answer that an adapter holds for an error, or that there was none. */
function endOf(thrown: unknown): WireResponse | TransportFault {
  const response = read(thrown, 'response');
  return isHttpAnswer(response) ? toWire(response) : new TransportFault('connection', undefined, undefined);
}

function bytesOf(data: unknown): Buffer | undefined {
  if (Buffer.isBuffer(data)) return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  // Not by instanceof: it may be of another realm.
  return Object.prototype.toString.call(data) === '[object ArrayBuffer]' ? Buffer.from(data as ArrayBuffer) : undefined;
}

/** An interceptor or an adapter may have parsed it. */
export function textOf(data: unknown): string {
  if (typeof data === 'string') return data;
  try {
    return JSON.stringify(data) ?? '';
  } catch {
    return '';
  }
}
