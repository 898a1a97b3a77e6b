import { metrics, trace } from '@opentelemetry/api';
import { describeFaults, OurSmsConfigError, type Fault } from '../errors/oursms-config.error.js';
import type { TelemetrySource } from '../telemetry/telemetry-source.js';
import { VERSION } from '../version.js';
import { AccountMetrics } from './account-metrics.js';
import { OpenTelemetryPort } from './open-telemetry-port.js';

const SCOPE = 'nestjs-oursms';

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** Whether metrics are recorded in addition to spans. Default: true. */
  metrics?: boolean;
}

/**
 * Records spans and metrics with the API of OpenTelemetry. Register the providers before the application starts.
 *
 * @returns The value of the option `telemetry`; one value may serve several accounts.
 * @throws {OurSmsConfigError} that names every invalid option, and shows no value
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): TelemetrySource {
  const withMetrics = checkOptions(options).metrics ?? true;
  return {
    openTelemetry: (account) =>
      new OpenTelemetryPort(
        account,
        trace.getTracer(SCOPE, VERSION),
        withMetrics ? new AccountMetrics(metrics.getMeter(SCOPE, VERSION), account) : undefined,
      ),
  };
}

function checkOptions(given: unknown): OpenTelemetryOptions {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new OurSmsConfigError('openTelemetry: its options must be an object, such as { metrics: false }.');
  }
  const { metrics: withMetrics, ...others } = given as Record<string, unknown>;
  const faults: Fault[] = Object.keys(others).map((field) => ({
    field,
    reason: 'is not known: the only option is metrics',
  }));
  if (withMetrics !== undefined && typeof withMetrics !== 'boolean') {
    faults.push({ field: 'metrics', reason: 'must be true or false' });
  }
  if (faults.length > 0) throw new OurSmsConfigError(`openTelemetry: ${describeFaults(faults)}.`, faults);
  return given;
}
