import { randomBytes } from 'node:crypto';
import type { OurSmsAuth } from 'nestjs-oursms';

/** What the environment says. Without credentials the gateway is simulated. */
export class Settings {
  /** The sender that the page begins with, and that messages without one get. */
  readonly src?: string;
  /** The credentials of the real gateway; undefined for the simulated one. */
  readonly auth?: OurSmsAuth;
  /** The address of the real gateway. Default: the provider's. */
  readonly baseUrl?: string;
  /** The directory that delivery reports are kept in; with Redis, what this instance alone keeps. */
  readonly storage: string;
  /** The Redis server that several instances share; undefined for one instance with its directory. */
  readonly redisUrl?: string;
  /** The address of a simulated gateway that several instances share; undefined for one in this process. */
  readonly simulator?: string;
  /** The secret of the webhook that reports are pushed to; undefined for no webhook. */
  readonly webhookSecret?: string;
  /** The address of a collector that traces and metrics are exported to; undefined for none. */
  readonly otlpEndpoint?: string;

  constructor(settings: Readonly<Settings>) {
    this.src = settings.src;
    this.auth = settings.auth;
    this.baseUrl = settings.baseUrl;
    this.storage = settings.storage;
    this.redisUrl = settings.redisUrl;
    this.simulator = settings.simulator;
    this.webhookSecret = settings.webhookSecret;
    this.otlpEndpoint = settings.otlpEndpoint;
  }
}

/** The environment sets things that do not go together. The message says what to do, and shows no value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads `OURSMS_API_KEY`, `OURSMS_USERNAME` and `OURSMS_PASSWORD` (or `OURSMS_TOKEN`), `OURSMS_SRC`, `OURSMS_BASE_URL`, `OURSMS_STORAGE` (default:
 * `.oursms`; with Redis a directory for each `PORT` in it), `OURSMS_WEBHOOK_SECRET`, `REDIS_URL`, `OURSMS_SIMULATOR` and
 * `OTEL_EXPORTER_OTLP_ENDPOINT`. An empty variable counts as not set.
 *
 * @throws {SettingsError} when the credentials are set in part, or `REDIS_URL` is not the URL of a Redis server
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const username = env.OURSMS_USERNAME || undefined;
  const password = env.OURSMS_PASSWORD || undefined;
  const token = env.OURSMS_TOKEN || undefined;
  const apiKey = env.OURSMS_API_KEY || undefined;
  const baseUrl = env.OURSMS_BASE_URL || undefined;
  const src = env.OURSMS_SRC || undefined;
  const redisUrl = readRedisUrl(env);
  const storage = env.OURSMS_STORAGE || (redisUrl === undefined ? '.oursms' : `.oursms/port-${readPort(env)}`);
  const common = { src, storage, redisUrl, otlpEndpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT || undefined };
  const real = { ...common, baseUrl, webhookSecret: env.OURSMS_WEBHOOK_SECRET || undefined };
  if (apiKey !== undefined) {
    const others = namesOf({ OURSMS_USERNAME: username, OURSMS_PASSWORD: password, OURSMS_TOKEN: token });
    if (others.length === 0) return new Settings({ ...real, auth: { apiKey } });
    throw new SettingsError(`OURSMS_API_KEY and ${others.join(' and ')} are set: set the key alone, or unset it.`);
  }
  if (token !== undefined && password !== undefined) {
    throw new SettingsError('OURSMS_PASSWORD and OURSMS_TOKEN are both set: keep the one that your account uses.');
  }
  if (token !== undefined) return new Settings({ ...real, auth: { username, token } });
  if (username !== undefined && password !== undefined) {
    return new Settings({ ...real, auth: { username, password } });
  }
  const set = namesOf({ OURSMS_USERNAME: username, OURSMS_PASSWORD: password, OURSMS_BASE_URL: baseUrl });
  if (set.length > 0) {
    throw new SettingsError(
      `${set.join(' and ')} set, but that is not enough for the real gateway: set OURSMS_API_KEY, or OURSMS_USERNAME and OURSMS_PASSWORD (or OURSMS_TOKEN), or none of them for the simulated gateway.`,
    );
  }
  const simulator = env.OURSMS_SIMULATOR || undefined;
  // Only a simulated gateway in this process can be told where to push to: a secret for each run will do.
  const webhookSecret = simulator === undefined ? randomBytes(24).toString('base64url') : undefined;
  return new Settings({ ...common, simulator, webhookSecret });
}

/** The variables that are set. */
const namesOf = (variables: Record<string, string | undefined>): string[] =>
  Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [name]));

function readRedisUrl(env: NodeJS.ProcessEnv): string | undefined {
  const text = env.REDIS_URL || undefined;
  if (text === undefined || (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol))) return text;
  throw new SettingsError('REDIS_URL must be the URL of a Redis server, such as redis://127.0.0.1:6379.');
}

/**
 * Reads `PORT`. Default: 3000.
 *
 * @throws {SettingsError} when it is not a port
 */
export function readPort(env: NodeJS.ProcessEnv): number {
  const text = env.PORT || '3000';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65_535)) throw new SettingsError('PORT must be a number from 0 to 65535 (0: any free port).');
  return port;
}
