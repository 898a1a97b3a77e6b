import type { Telemetry, TelemetryAccount } from './telemetry.js';

/** As much of a telemetry as an application sees: where it is given to the option `telemetry`, and nothing to call. */
export interface TelemetryEngine {
  openTelemetry(account: never): object;
}

/** Factory of `Telemetry`: the value of the option `telemetry`. */
export interface TelemetrySource extends TelemetryEngine {
  /** @internal */
  openTelemetry(account: TelemetryAccount): Telemetry;
}
