/** What a process holds once nothing waits to be collected, and the most that it ever held, in bytes. Needs `--expose-gc`. */
export function settledMemory() {
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss, peak: process.resourceUsage().maxRSS * 1024 };
}
