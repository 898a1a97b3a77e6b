/** Options for pushing reports to a webhook. Each field's initial value is its default. */
export class SimulatorWebhook {
  /** The address that reports are pushed to: http on this machine (127.0.0.1, [::1] or localhost), with any path and query. */
  url!: string;

  /** Maximum of reports in one push. */
  batch = 100;

  /** Maximum of pushes of an account in flight. */
  concurrency = 1;

  /** Milliseconds between checks for due reports: reports that became due in between are pushed together. */
  everyMs = 20;

  /** Timeout of a push, in milliseconds. */
  timeoutMs = 10_000;

  /** Milliseconds before a push without an answer of 2xx is repeated, doubled after each try. */
  retryDelayMs = 500;

  /** Maximum wait before a repeat, in milliseconds. */
  maxRetryDelayMs = 60_000;

  /** Whether a report is also added to the inbox, to be downloaded. */
  alsoInInbox = false;
}

/** An address that reports are pushed to, alone or with options. */
export type WebhookTarget = string | (Partial<SimulatorWebhook> & { url: string });

const MINIMUMS: Partial<Record<keyof SimulatorWebhook, number>> = {
  ...{ batch: 1, concurrency: 1, everyMs: 1, timeoutMs: 1, retryDelayMs: 1, maxRetryDelayMs: 1 },
};

/**
 * Applies the defaults and checks the options.
 *
 * @param given The address alone, or with options.
 * @throws TypeError for an address that is not on this machine; RangeError for a number out of range.
 */
export function resolveWebhook(given: WebhookTarget): SimulatorWebhook {
  const { url, ...rest } = typeof given === 'string' ? { url: given } : given;
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  const webhook = Object.assign(new SimulatorWebhook(), Object.fromEntries(set), { url });
  for (const [name, minimum] of Object.entries(MINIMUMS) as ['batch', number][]) {
    if (Number.isInteger(webhook[name]) && webhook[name] >= minimum) continue;
    throw new RangeError(`simulator: webhook.${name} must be a whole number of ${minimum} or more`);
  }
  checkAddress(url);
  return webhook;
}

/** Its error does not contain the address: the path may be a secret. */
function checkAddress(url: unknown): void {
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === 'http:' && isLoopback(address.hostname)) return;
  throw new TypeError(
    'simulator: webhook must be an http address of this machine (127.0.0.1, [::1] or localhost): reports are pushed nowhere else',
  );
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
