import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PATIENCE_MS = 20_000;

/** The command `nestjs-oursms-gateway` of an installed package, running. */
export interface GatewayCommand {
  url: string;
  /** Ends it as Ctrl+C does, and resolves to its exit code. */
  stop(): Promise<number | null>;
}

/**
 * Starts the command on a free port, and waits until it says where it listens.
 *
 * @param before Arguments that come before its own: its path, where Node is the command.
 */
export async function startGatewayCommand(command: string, ...before: string[]): Promise<GatewayCommand> {
  const args = [...before, '--port', '0', '--deliver-after-ms', '0'];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT');
    const [code] = await ended;
    return code;
  };
  const giveUp = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let said = '';
  for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
    said += String(text);
    const url = /http:\/\/127\.0\.0\.1:\d+\/\S*[^\s'",.]/.exec(said)?.[0];
    if (url === undefined) continue;
    clearTimeout(giveUp);
    child.stdout.resume();
    return { url, stop };
  }
  clearTimeout(giveUp);
  throw new Error(`${command} did not say where it listens: ${said}`);
}
