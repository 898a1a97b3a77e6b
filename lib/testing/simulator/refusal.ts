import type { SimulatorResponse } from './simulator.records.js';

/** Error codes seen at the real gateway. The document has no list of them. */
export const SIMULATOR_ERROR_CODES = {
  /** Credentials that are missing or wrong. */
  credentials: 1001,
  /** The balance does not cover the request. */
  balance: 1008,
  /** No route for this recipient or class. */
  prefix: 6208,
  /** The account may not use this sender name. */
  sender: 6307,
} as const;

/** Refusal of a whole request: "a failed HTTP response with a json body containing the error code and description". */
export class Refusal extends Error {
  /**
   * @param status The HTTP status.
   * @param reason The description. It names the invalid parameter and never contains a value.
   * @param code The error code. Default: the HTTP status, where no code was seen at the real gateway.
   */
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly code: number = status,
    readonly headers: Record<string, string> = {},
  ) {
    super(reason);
    this.name = 'Refusal';
  }

  /** Refusal (405) of a method that a path does not have. */
  static ofMethod(methods: readonly string[]): Refusal {
    return new Refusal(405, 'method not allowed', 405, { allow: methods.join(', ') });
  }

  toResponse(): SimulatorResponse {
    const { status, code, reason, headers } = this;
    return { ...jsonResponse(status, { errorCode: code, message: reason }, headers), reason };
  }
}

/** A response with a JSON body. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): Omit<SimulatorResponse, 'reason'> {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}
