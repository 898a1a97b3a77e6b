import { readFileSync } from 'node:fs';

/** What a process holds once nothing waits to be collected, and the most that it ever held, in bytes. Needs `--expose-gc`. */
export function settledMemory() {
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss, own: ownMemory() ?? rss, peak: process.resourceUsage().maxRSS * 1024 };
}

/**
 * Resident memory without the files that are mapped: LevelDB maps its files, and the system takes that memory back whenever another
 * needs it. Undefined where the system does not tell them apart.
 */
function ownMemory() {
  if (process.platform !== 'linux') return undefined;
  const kilobytes = /^RssAnon:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
