import { ValidateWith } from '../dto/validate-with.js';
import { credentialFault } from '../errors/credential-fault.js';
import { isOtherApi, providerAddress, type GatewayAuth } from '../gateway/account.js';
import { isTimeOfDay } from '../message/quiet-hours.js';

/** Credentials in one of their three forms. The faults name fields, never values. */
export const IsAuth = (): PropertyDecorator => ValidateWith('isAuth', authFault);

/**
 * An absolute https URL; http for a loopback address, or when `allowInsecureHttp` is set beside it. It must not be the
 * provider's address of the other API, which the credentials do not belong to.
 */
export const IsGatewayUrl = (): PropertyDecorator => ValidateWith('isGatewayUrl', addressFault);

/** Text that may stand in an HTTP header: printable ASCII. */
export const IsHeaderValue = (): PropertyDecorator =>
  ValidateWith('isHeaderValue', (value) =>
    typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
      ? undefined
      : 'must contain printable ASCII characters only',
  );

/** Text that needs no escapes in a URL, and is hard to guess. Fastify takes at most 100 characters for a path parameter. */
export const IsWebhookSecret = (): PropertyDecorator => ValidateWith('isWebhookSecret', webhookSecretFault);

/** A time of day as `HH:MM`. */
export const IsTimeOfDay = (): PropertyDecorator =>
  ValidateWith('isTimeOfDay', (value) =>
    isTimeOfDay(value) ? undefined : 'must be a time of day from 00:00 to 23:59, as HH:MM',
  );

/** `'memory'`, or `{ path }` with a directory. */
export const IsStorage = (): PropertyDecorator => ValidateWith('isStorage', storageFault);

/** A source of telemetry. */
export const IsTelemetry = (): PropertyDecorator =>
  ValidateWith('isTelemetry', (value) =>
    typeof (value as { openTelemetry?: unknown } | null)?.openTelemetry === 'function'
      ? undefined
      : 'must be openTelemetry() of nestjs-oursms/opentelemetry',
  );

const AUTH_FIELDS = ['username', 'password', 'token', 'apiKey'];
const SECRETS = ['password', 'token', 'apiKey'];

function authFault(value: unknown): string | undefined {
  const forms = 'give { username, password }, { username?, token } or { apiKey }';
  if (typeof value !== 'object' || value === null) return `must be set: ${forms}`;
  const auth = value as Record<string, unknown>;
  const unknown = Object.keys(auth).filter((name) => !AUTH_FIELDS.includes(name));
  if (unknown.length > 0) return `has fields that are not known (${unknown.join(', ')}): ${forms}`;
  const set = AUTH_FIELDS.filter((name) => auth[name] !== undefined);
  const faulty = set.filter((name) => typeof auth[name] !== 'string' || auth[name] === '');
  if (faulty.length > 0) return faulty.map((name) => `.${name} must be a string that is not empty`).join(', ');
  for (const name of set) {
    const text = auth[name] as string;
    const fault = credentialFault(text) ?? (name === 'apiKey' ? headerFault(text) : undefined);
    if (fault !== undefined) return `.${name} ${fault}`;
  }
  const [secret, ...more] = set.filter((name) => SECRETS.includes(name));
  const hasUsername = set.includes('username');
  const isForm = more.length === 0 && { password: hasUsername, token: true, apiKey: !hasUsername }[String(secret)];
  if (!isForm) {
    return `is incomplete or mixed (it has ${set.join(', ') || 'nothing'}): ${forms}`;
  }
  return undefined;
}

function webhookSecretFault(value: unknown): string | undefined {
  if (typeof value === 'string' && /^[\w.~-]{16,100}$/.test(value)) return undefined;
  const rule = 'must be 16 to 100 characters of A-Z a-z 0-9 - . _ ~';
  if (typeof value !== 'string') return rule;
  return credentialFault(value) ?? `${rule} (it has ${value.length})`;
}

function storageFault(value: unknown): string | undefined {
  const forms = "{ path }, 'memory' or an engine such as bullMqEngine()";
  if (value === 'memory') return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `must be ${forms}`;
  if ('openEngine' in value && typeof value.openEngine === 'function') return undefined;
  const unknown = Object.keys(value).filter((name) => name !== 'path');
  if (unknown.length > 0) return `has fields that are not known (${unknown.join(', ')}): give ${forms}`;
  const { path } = value as { path?: unknown };
  return path === undefined || (typeof path === 'string' && path.trim() !== '')
    ? undefined
    : '.path must be the path of a directory';
}

/** A header can carry fewer characters than a parameter. */
function headerFault(key: string): string | undefined {
  if (/^bearer\s/i.test(key)) return 'must be the key alone, without Bearer';
  return /^[\x21-\x7e]+$/.test(key) ? undefined : 'contains a space or a character that is not ASCII';
}

function addressFault(value: unknown, options: object | undefined): string | undefined {
  if (value === undefined) return undefined;
  const fault = urlFault(value, allowsHttp(options));
  if (fault !== undefined) return fault;
  const { auth } = (options ?? {}) as { auth?: unknown };
  if (authFault(auth) !== undefined || !isOtherApi(new URL(value as string), auth as GatewayAuth)) return undefined;
  return `is the address of the API that auth does not belong to: leave it out, or give ${providerAddress(auth as GatewayAuth)}`;
}

function allowsHttp(options: object | undefined): boolean {
  return (options as { allowInsecureHttp?: unknown } | undefined)?.allowInsecureHttp === true;
}

function urlFault(value: unknown, http: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) return 'must be an absolute URL';
  const url = new URL(value);
  if (url.hostname === '') return 'must be an absolute URL';
  if (url.username || url.password) return 'must not contain credentials: they belong in auth';
  if (url.search || url.hash) return 'must not have a query or a fragment';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol !== 'http:') return 'must be an https URL';
  if (http || isLoopback(url.hostname)) return undefined;
  return 'must be https: http would send the credentials unencrypted (allowInsecureHttp permits it)';
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
