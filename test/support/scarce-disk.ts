import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';

/** A disk that a test can fill. */
export interface ScarceDisk {
  /** A directory on it. */
  readonly path: string;
  /** From now on nothing can be written. */
  fill(): void;
  /** There is room again. */
  makeRoom(): void;
  remove(): void;
}

/**
 * A disk of its own where one may be mounted (as root). Elsewhere the process is forbidden to let any file grow, which fails
 * a write just as a full disk does. One of the two works on every Linux; where none does, the test fails.
 */
export function scarceDisk(megabytes: number): ScarceDisk {
  const path = mkdtempSync(join(tmpdir(), 'oursms-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'none', path], { stdio: 'ignore' });
  } catch {
    return new ForbiddenGrowth(path);
  }
  return new SmallDisk(path);
}

class SmallDisk implements ScarceDisk {
  readonly #filler: string;

  constructor(readonly path: string) {
    this.#filler = join(path, 'filler');
  }

  fill(): void {
    const file = openSync(this.#filler, 'a');
    for (const size of [1024 * 1024, 4096]) {
      try {
        const zeros = Buffer.alloc(size);
        for (;;) writeSync(file, zeros);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  remove(): void {
    execFileSync('umount', [this.path]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

class ForbiddenGrowth implements ScarceDisk {
  readonly #surviveSignal = (): void => undefined;

  constructor(readonly path: string) {
    this.#process.on('SIGXFSZ', this.#surviveSignal);
  }

  /** Without a listener the signal ends the process; the `process` that a test sees is a copy, which hears no signals. */
  get #process(): NodeJS.Process {
    return runInThisContext('process') as NodeJS.Process;
  }

  fill(): void {
    this.#limit('0');
  }

  makeRoom(): void {
    this.#limit('unlimited');
  }

  remove(): void {
    this.makeRoom();
    this.#process.off('SIGXFSZ', this.#surviveSignal);
    rmSync(this.path, { recursive: true, force: true });
  }

  #limit(bytes: string): void {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:`]);
  }
}
