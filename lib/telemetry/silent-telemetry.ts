import type { ProcessSpan, ReceiveSpan, SendSpan, Telemetry } from './telemetry.js';

const nothing = (): void => undefined;

const SEND: SendSpan = Object.freeze({ traceparent: undefined, tryLeaves: nothing, tryFailed: nothing, end: nothing });
const RECEIVE: ReceiveSpan = Object.freeze({ end: nothing, fail: nothing });
const PROCESS: ProcessSpan = Object.freeze({ run: <T>(call: () => T): T => call(), end: nothing, fail: nothing });

/** Telemetry of an account without the option `telemetry`: records nothing, and allocates nothing. */
export const SILENT_TELEMETRY: Telemetry = Object.freeze({
  startSend: () => SEND,
  startReceive: () => RECEIVE,
  consumed: nothing,
  startProcess: () => PROCESS,
  observe: nothing,
  close: nothing,
});
