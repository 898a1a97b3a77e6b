import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** How a child process ended, and what it wrote. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** How a child process is run. */
export interface RunOptions {
  /** Default: the repository. */
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** Written to its standard input, which is closed then. Default: nothing. */
  input?: string;
  /** It is killed after so many milliseconds, and its code is null. Default: 60 s. */
  timeoutMs?: number;
}

/** Runs a command to its end, without a shell. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd = ROOT, input = '', timeoutMs = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...cleanEnv(), ...options.env }, timeout: timeoutMs });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // A child that does not read its input may have closed it already.
    child.stdin.on('error', () => undefined).end(input);
  });
}

/** Runs a command that must succeed. @throws Error with all that it wrote when it does not */
export async function runOk(command: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  const ended = await run(command, args, options);
  if (ended.code === 0) return ended;
  throw new Error(`${[command, ...args].join(' ')} ended with ${ended.code}\n${ended.stdout}\n${ended.stderr}`);
}

/**
 * Runs npm for an installation. Without `--prefer-offline`: after a release, old and new knowledge of packages would not fit
 * together.
 */
export function runNpm(args: string[], options: RunOptions): Promise<Ended> {
  return runOk('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], options);
}

/**
 * Runs a server until it has printed something, then ends it and all its children as Ctrl+C does. Returns all it wrote.
 *
 * @throws Error when it ends, or `timeoutMs` passes, before it has printed that
 */
export function runUntil(printed: RegExp, command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { cwd = ROOT, timeoutMs = 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...{ cwd, env: { ...cleanEnv(), ...options.env }, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = (signal: NodeJS.Signals): void => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    };
    const giveUp = setTimeout(() => end('SIGKILL'), timeoutMs);
    let said = '';
    let isOver = false;
    const read = (text: string): void => {
      said += text;
      if (isOver || !printed.test(said)) return;
      isOver = true;
      end('SIGINT');
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(giveUp);
      if (isOver) resolve(said);
      else reject(new Error(`${[command, ...args].join(' ')} ended with ${code}, and had not printed it\n${said}`));
    });
  });
}

/** Without what jest and npm put there for their own children, colours among it, and without a Redis that belongs to others. */
function cleanEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(lifecycle_|package_|config_local_prefix)|JEST_|NODE_ENV$|FORCE_COLOR$|REDIS_URL$|NODE_OPTIONS$|INIT_CWD$)/.test(
        name,
      ),
  );
  return Object.fromEntries(own);
}
