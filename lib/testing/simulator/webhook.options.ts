/** Where and how the simulator pushes reports. Each field's initial value is its default. */
export class SimulatorWebhook {
  /** The address that reports are pushed to: http on this machine (127.0.0.1, [::1] or localhost), its path and query whatever. */
  url!: string;

  /** Reports of a push at the most. */
  batch = 100;

  /** Pushes of an account that are in flight at a time. */
  concurrency = 1;

  /** Milliseconds between looks whether reports are due: those that became due in between are pushed together. */
  everyMs = 20;

  /** Milliseconds for the answer to a push. */
  timeoutMs = 10_000;

  /** Milliseconds before a push without an answer of 2xx is repeated; twice as long each time. */
  retryDelayMs = 500;

  /** The longest wait before a repeat, in milliseconds. */
  maxRetryDelayMs = 60_000;

  /** Whether a report is also put into the inbox, to be downloaded. */
  alsoInInbox = false;
}

/** An address that reports are pushed to, alone or with options. */
export type WebhookTarget = string | (Partial<SimulatorWebhook> & { url: string });

const LEAST: Partial<Record<keyof SimulatorWebhook, number>> = {
  ...{ batch: 1, concurrency: 1, everyMs: 1, timeoutMs: 1, retryDelayMs: 1, maxRetryDelayMs: 1 },
};

/**
 * The options with the defaults filled in.
 *
 * @param given The address alone, or with options.
 * @throws TypeError for an address that is not on this machine; RangeError for a number out of range.
 */
export function resolveWebhook(given: WebhookTarget): SimulatorWebhook {
  const { url, ...rest } = typeof given === 'string' ? { url: given } : given;
  const set = Object.entries(rest).filter(([, value]) => value !== undefined);
  const webhook = Object.assign(new SimulatorWebhook(), Object.fromEntries(set), { url });
  for (const [name, least] of Object.entries(LEAST) as ['batch', number][]) {
    if (Number.isInteger(webhook[name]) && webhook[name] >= least) continue;
    throw new RangeError(`simulator: webhook.${name} must be a whole number of ${least} or more`);
  }
  checkAddress(url);
  return webhook;
}

/** Says nothing of the address: its path may be a secret. */
function checkAddress(url: unknown): void {
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (address?.protocol === 'http:' && isLoopback(address.hostname)) return;
  throw new TypeError(
    'simulator: webhook must be an http address of this machine (127.0.0.1, [::1] or localhost): reports are pushed nowhere else',
  );
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
