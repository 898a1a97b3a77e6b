import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { GatewaySimulator } from './gateway-simulator.js';
import type { SimulatorAccount } from './simulator.options.js';
import type { PushRecord, RequestRecord } from './simulator.records.js';
import { resolveWebhook } from './webhook.options.js';

const HELP = `nestjs-oursms-gateway: a simulated OurSMS gateway on this machine. No SMS is sent.

  --port <n>               the port on 127.0.0.1, 0 for a free one (default 4100)
  --username <name>        the account (default demo)
  --password <password>    its password (default demo)
  --token <token>          its token (default demo-token)
  --api-key <key>          its key of the JSON API (default demo-key)
  --credits <n>            its balance at the start (default 1000)
  --deliver-after-ms <n>   milliseconds from sending to the delivery report (default 2000)
  --webhook <url>          pushes reports to this http address of this machine; they are not in the inbox then
  --no-ids                 answers sends without the ids of the messages
  --help                   this text`;

const OPTIONS = {
  port: { type: 'string', default: '4100' },
  username: { type: 'string', default: 'demo' },
  password: { type: 'string', default: 'demo' },
  token: { type: 'string', default: 'demo-token' },
  'api-key': { type: 'string', default: 'demo-key' },
  credits: { type: 'string', default: '1000' },
  'deliver-after-ms': { type: 'string', default: '2000' },
  webhook: { type: 'string' },
  'no-ids': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Output of the command, and the signal that stops it. */
export interface GatewayCliIo {
  out: (line: string) => void;
  err: (line: string) => void;
  /** Stops the gateway. */
  stop: AbortSignal;
}

interface Settings {
  help: boolean;
  port: number;
  account: CliAccount;
  deliverAfterMs: number;
  webhook?: string;
  acceptedMsgs: boolean;
}

type CliAccount = Required<Pick<SimulatorAccount, 'username' | 'password' | 'token' | 'apiKey' | 'credits'>>;

/** Writes to stdout and stderr; SIGINT or SIGTERM stops the command. */
export function terminalIo(): GatewayCliIo {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return { out: (line) => console.log(line), err: (line) => console.error(line), stop: stop.signal };
}

/**
 * Runs the command `nestjs-oursms-gateway`: a {@link GatewaySimulator} until it is stopped.
 *
 * @param argv The arguments after the command's name.
 * @returns The exit code: 0 when stopped, 1 when it cannot listen on the port, 2 for an invalid argument.
 */
export async function runGatewayCli(argv: readonly string[], io: GatewayCliIo): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(argv);
  } catch (error) {
    io.err(`nestjs-oursms-gateway: ${firstLine(error)} (--help shows the options)`);
    return 2;
  }
  if (settings.help) {
    io.out(HELP);
    return 0;
  }
  try {
    await run(settings, io);
    return 0;
  } catch (error) {
    io.err(`nestjs-oursms-gateway: ${listenFault(error, settings.port)}`);
    return 1;
  }
}

async function run(
  { port, account, deliverAfterMs, webhook, acceptedMsgs }: Settings,
  io: GatewayCliIo,
): Promise<void> {
  const gateway = await GatewaySimulator.start({
    ...{ port, deliverAfterMs, webhook, acceptedMsgs },
    accounts: [account],
    record: false,
    onRequest: (request) => io.out(logLine(request)),
    onPush: (push) => io.out(pushLine(push)),
  });
  io.out(greeting(gateway, account, webhook));
  if (!io.stop.aborted) await once(io.stop, 'abort');
  await gateway.stop();
  io.out('stopped');
}

function readSettings(argv: readonly string[]): Settings {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false });
  for (const name of ['username', 'password', 'token', 'api-key'] as const) {
    if (values[name] === '') throw new Error(`--${name} must not be empty`);
  }
  if (!/^[\x21-\x7e]+$/.test(values['api-key'])) throw new Error('--api-key must be ASCII without spaces');
  if (values.webhook !== undefined) resolveWebhook(values.webhook);
  const { username, password, token, 'api-key': apiKey } = values;
  return {
    help: values.help,
    port: wholeNumber('port', values.port, 65_535),
    account: { username, password, token, apiKey, credits: wholeNumber('credits', values.credits) },
    deliverAfterMs: wholeNumber('deliver-after-ms', values['deliver-after-ms']),
    webhook: values.webhook,
    acceptedMsgs: !values['no-ids'],
  };
}

function wholeNumber(name: string, value: string, max = Number.MAX_SAFE_INTEGER): number {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number <= max)) throw new Error(`--${name} must be a whole number from 0 to ${max}`);
  return number;
}

function greeting({ url, jsonUrl }: GatewaySimulator, account: CliAccount, webhook: string | undefined): string {
  const { username, password, token, apiKey, credits } = account;
  const name = `username: ${quoted(username)}`;
  return [
    `OurSMS gateway simulator on ${url} and ${jsonUrl}`,
    `Account ${username} with ${credits} credits. No SMS leaves this machine. Ctrl+C stops it.`,
    // The path of a webhook may be a secret.
    ...(webhook === undefined ? [] : [`Reports are pushed to ${new URL(webhook).origin}.`]),
    '',
    '  OurSmsModule.forRoot({ baseUrl, auth }) with one of',
    '',
    `  baseUrl: '${jsonUrl}', auth: { apiKey: ${exampleOf(apiKey, 'demo-key', '--api-key')} }`,
    `  baseUrl: '${url}', auth: { ${name}, token: ${exampleOf(token, 'demo-token', '--token')} }`,
    `  baseUrl: '${url}', auth: { ${name}, password: ${exampleOf(password, 'demo', '--password')} }`,
    '',
  ].join('\n');
}

/** Only default secrets are printed: one from the command line is not. */
const exampleOf = (secret: string, ours: string, flag: string): string =>
  secret === ours ? `'${ours}'` : `/* what ${flag} says */`;

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}

/** One line without credentials, text or numbers. */
function logLine({ at, method, path, call, status, params, reason }: RequestRecord): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const recipients = call === 'send' && params.dests ? ` ${params.dests.split(',').length} recipient(s)` : '';
  return `${time} ${method} ${call ? path : '(unknown path)'} ${status}${recipients}${reason ? `: ${reason}` : ''}`;
}

function pushLine({ at, reports, attempt, status }: PushRecord): string {
  const time = new Date(at).toISOString().slice(11, 19);
  return `${time} PUSH ${reports.length} report(s) ${status ?? 'no answer'}${attempt > 1 ? `, try ${attempt}` : ''}`;
}

function listenFault(error: unknown, port: number): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${port} is in use: choose another with --port`;
  if (code === 'EACCES') return `port ${port} may not be used by this user: choose another with --port`;
  return firstLine(error);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
