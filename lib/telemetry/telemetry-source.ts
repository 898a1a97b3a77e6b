import type { Telemetry, TelemetryAccount } from './telemetry.js';

/** Public type of the value of the option `telemetry`. Applications pass it on, and do not call its method. */
export interface TelemetryEngine {
  openTelemetry(account: never): object;
}

/** Factory of `Telemetry`: the value of the option `telemetry`. */
export interface TelemetrySource extends TelemetryEngine {
  /** @internal */
  openTelemetry(account: TelemetryAccount): Telemetry;
}
