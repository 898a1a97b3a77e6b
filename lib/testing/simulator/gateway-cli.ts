import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { GatewaySimulator } from './gateway-simulator.js';
import type { RequestRecord } from './simulator.records.js';

const HELP = `nestjs-oursms-gateway: a simulated OurSMS gateway on this machine. No SMS is sent.

  --port <n>               the port on 127.0.0.1, 0 for a free one (default 4100)
  --username <name>        the account (default demo)
  --password <password>    its password (default demo)
  --credits <n>            its balance at the start (default 1000)
  --deliver-after-ms <n>   milliseconds from sending to the delivery report (default 2000)
  --help                   this text`;

const OPTIONS = {
  port: { type: 'string', default: '4100' },
  username: { type: 'string', default: 'demo' },
  password: { type: 'string', default: 'demo' },
  credits: { type: 'string', default: '1000' },
  'deliver-after-ms': { type: 'string', default: '2000' },
  help: { type: 'boolean', default: false },
} as const;

/** Where the command writes to, and what ends it. */
export interface GatewayCliIo {
  out: (line: string) => void;
  err: (line: string) => void;
  /** Stops the gateway. */
  stop: AbortSignal;
}

interface Settings {
  help: boolean;
  port: number;
  username: string;
  password: string;
  credits: number;
  deliverAfterMs: number;
}

/** The terminal: stdout, stderr, and SIGINT or SIGTERM to stop. */
export function terminalIo(): GatewayCliIo {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return { out: (line) => console.log(line), err: (line) => console.error(line), stop: stop.signal };
}

/**
 * The command `nestjs-oursms-gateway`: runs a {@link GatewaySimulator} until it is stopped.
 *
 * @param argv The arguments after the command's name.
 * @returns The exit code: 0 when stopped, 1 when the port cannot be had, 2 for a bad argument.
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

async function run({ port, username, password, credits, deliverAfterMs }: Settings, io: GatewayCliIo): Promise<void> {
  const gateway = await GatewaySimulator.start({
    port,
    deliverAfterMs,
    accounts: [{ username, password, credits }],
    record: false,
    onRequest: (request) => io.out(logLine(request)),
  });
  io.out(greeting(gateway.url, { username, password, credits }));
  if (!io.stop.aborted) await once(io.stop, 'abort');
  await gateway.stop();
  io.out('stopped');
}

function readSettings(argv: readonly string[]): Settings {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: false });
  for (const name of ['username', 'password'] as const) {
    if (values[name] === '') throw new Error(`--${name} must not be empty`);
  }
  return {
    help: values.help,
    username: values.username,
    password: values.password,
    port: whole('port', values.port, 65_535),
    credits: whole('credits', values.credits),
    deliverAfterMs: whole('deliver-after-ms', values['deliver-after-ms']),
  };
}

function whole(name: string, value: string, max = Number.MAX_SAFE_INTEGER): number {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (!(number <= max)) throw new Error(`--${name} must be a whole number from 0 to ${max}`);
  return number;
}

function greeting(url: string, account: { username: string; password: string; credits: number }): string {
  const password = account.password === 'demo' ? `'demo'` : '/* what --password says */';
  return [
    `OurSMS gateway simulator on ${url}`,
    `Account ${account.username} with ${account.credits} credits. No SMS leaves this machine. Ctrl+C stops it.`,
    '',
    '  OurSmsModule.forRoot({',
    `    baseUrl: '${url}',`,
    `    auth: { username: ${quoted(account.username)}, password: ${password} },`,
    '  })',
    '',
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}

/** One line without credentials, text or numbers. */
function logLine({ at, method, path, call, status, params, reason }: RequestRecord): string {
  const time = new Date(at).toISOString().slice(11, 19);
  const recipients = call === 'send' && params.dests ? ` ${params.dests.split(',').length} recipient(s)` : '';
  return `${time} ${method} ${call ? path : '(unknown path)'} ${status}${recipients}${reason ? `: ${reason}` : ''}`;
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
